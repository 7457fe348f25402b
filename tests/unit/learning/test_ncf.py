import torch

from infrastructure.learning.architecture import weight_shapes
from infrastructure.learning.ncf import Ncf


def linear_sizes(module):
    return [(m.in_features, m.out_features) for m in module.modules() if isinstance(m, torch.nn.Linear)]


def test_the_architecture_is_the_named_one():
    model = Ncf(items=5, user_size=40, item_size=30, embedding_size=8, dropout=0.1)
    assert linear_sizes(model.user_tower) == [(40, 128), (128, 64)]
    assert linear_sizes(model.item_tower) == [(38, 256), (256, 128), (128, 64)]
    assert linear_sizes(model.head) == [(128, 64), (64, 32), (32, 1)]
    for tower in (model.user_tower, model.item_tower):
        kinds = [type(part) for part in tower]
        assert kinds == [torch.nn.Linear, torch.nn.BatchNorm1d, torch.nn.ReLU] * (len(kinds) // 3)


def test_scoring_by_shares_is_scoring_by_pairs():
    torch.manual_seed(0)
    model = Ncf(items=5, user_size=40, item_size=30, embedding_size=8, dropout=0.5).eval()
    users, items, embeddings = torch.randn(6, 40), torch.randn(6, 30), torch.randn(6, 8)
    by_pairs = model(users, items, embeddings)
    by_shares = torch.sigmoid(model.logits(model.user_shares(users), model.item_shares(items, embeddings)))
    torch.testing.assert_close(by_shares, by_pairs)
    assert ((by_pairs > 0) & (by_pairs < 1)).all()


def test_only_while_training_are_embeddings_left_out():
    torch.manual_seed(0)
    model = Ncf(items=50, user_size=4, item_size=3, embedding_size=8, dropout=0.5)
    items, embeddings = torch.zeros(50, 3), torch.ones(50, 8)
    assert len(model.train().item_shares(items, embeddings).unique(dim=0)) == 2
    assert len(model.eval().item_shares(items, embeddings).unique(dim=0)) == 1


def test_serving_expects_the_weights_that_training_makes(trained):
    shapes = {name: weights.shape for name, weights in trained.arrays["ncf"].items()}
    assert shapes == weight_shapes(trained.shared.vocabulary, 8)
