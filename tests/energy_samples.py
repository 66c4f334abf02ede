"""A record of one run of one stage, for the tests of energy."""

from perceptgraph.pipelines.energy import EnergyRecord

RECORD = EnergyRecord(
    run_id="a",
    session="s",
    stage="detect",
    dataset="shapes",
    model="",
    state="complete",
    started="2026-01-01T00:00:00+00:00",
    wall_s=2.0,
    cpu_s_self=1.0,
    cpu_s_children=3.0,
    work={"images": 10},
    method="modelled-generic",
    cpu_watts=None,
    ram_watts=None,
    energy_kwh=1e-5,
    energy_low_kwh=1e-6,
    energy_high_kwh=1e-4,
    gpu_kwh=0.0,
    co2_kg=None,
    country=None,
    intensity_g_per_kwh=None,
    pue=1.0,
    strubell_kwh=2e-5,
    strubell_co2_kg=1e-5,
    host="0123",
    load_at_start=0.5,
    meter="fake 1",
)
