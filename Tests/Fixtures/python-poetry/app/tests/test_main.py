from ledger.main import app


def test_has_a_title():
    assert app.title
