"""Attacks: small changes of images that make a classifier err, one file per kind.

Each is a function of a victim, its images and labels, a generator and its own keywords. The budgets
are in pixels' grey levels of full scale: an image is an array in [0, 1].
"""

ATTACKS = {
    "pgd": "perceptgraph.stages.attacks.gradients:pgd",
    "transfer": "perceptgraph.stages.attacks.gradients:transfer",
    "adaptive": "perceptgraph.stages.attacks.gradients:adaptive",
    "square_linf": "perceptgraph.stages.attacks.square:square_linf",
    "square_l2": "perceptgraph.stages.attacks.square_l2:square_l2",
    "sparse": "perceptgraph.stages.attacks.sparse:sparse",
}
"""Attack to "module:function"; the table imports none."""
