"""What a login may do with the store, and what the audit says of it."""

import pytest

from dashboard import stored
from dashboard.parts import bulk
from dashboard.roles import allowed, role_of
from dashboard.server import settings
from dashboard.state import who
from mmbm.errors import StoreError
from mmbm.store import Given, Wanted
from tests.dashboard.test_desk_pages import by_key, html, opened

LISTS = {"admin": ["chief@clinic.example"], "reader": ["Li@clinic.example", "sub-7"]}


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A store that is switched on for the pages, with one case."""
    monkeypatch.setenv("MMBM_STORE", str(tmp_path / "store"))
    note = Given(name="", content=b"Fever, cough and crackles.", kind="typed")
    stored.store().add_case({"notes": note}, patient="P1", who="made")
    yield stored.store()
    stored.store().close()


@pytest.fixture
def login(monkeypatch):
    """Somebody is logged in, by what the provider says of him."""

    def log_in(roles=LISTS, **claims):
        monkeypatch.setattr(who, "claims", lambda: claims)
        monkeypatch.setattr(settings, "roles", lambda: roles)

    return log_in


def case_of(kept):
    return kept.worklist(Wanted()).rows[0].case.case_id


def keys(app):
    return {b.key for b in app.button}


@pytest.mark.parametrize(
    ("identities", "role"),
    [
        (["chief@clinic.example"], "admin"),
        (["LI@clinic.example"], "reader"),
        (["other@clinic.example", "sub-7"], "reader"),
        (["other@clinic.example"], "viewer"),
        ([], "viewer"),
    ],
)
def test_the_lists_give_the_role(identities, role):
    assert role_of(identities, LISTS) == role


def test_the_highest_list_counts_and_a_star_is_everybody():
    assert role_of(["a"], {"viewer": ["a"], "admin": ["a"]}) == "admin"
    assert role_of(["a"], {"reader": ["*"], "viewer": ["a"]}) == "reader"
    assert allowed("admin", "purge") and not allowed("reader", "purge")
    assert allowed("reader", "decide") and not allowed("viewer", "decide")


def test_a_viewer_looks_and_nothing_else(app, kept, login):
    login(email="guest@clinic.example")
    case_id = case_of(kept)
    opened(app, case_id)
    assert 'class="finding-name"' in html(app)
    assert by_key(app, "decision-keep").disabled
    assert html(app).count("Your login may look at cases") == 2  # at the decision and the export
    assert not [b for b in app.get("download_button") if b.key == "export-pdf"]
    app.switch_page("screens/worklist.py").run()
    app.session_state["session"].chosen = frozenset({case_id})
    app.run()
    assert not app.exception and not {k for k in keys(app) if k and k.startswith("bulk-")}
    acts = [(entry.act, entry.who) for entry in kept.audit(case_id)]
    assert ("open", "guest@clinic.example") in acts
    assert ("show", "guest@clinic.example") in acts


def test_what_a_page_does_not_show_is_refused_too(kept, login, monkeypatch):
    login(email="guest@clinic.example")
    refused = []
    monkeypatch.setattr(bulk.state, "refuse", refused.append)
    bulk.purge((case_of(kept),))
    bulk.begin_scoring(())
    assert [said.code for said in refused] == ["store.may_not.purge", "store.may_not.decide"]
    assert kept.worklist(Wanted()).total == 1
    with pytest.raises(StoreError, match="may look at cases"):
        who.require("decide")


def test_a_reader_decides_and_an_admin_purges(app, kept, login):
    case_id = case_of(kept)
    login(email="li@clinic.example")
    app.run()
    app.switch_page("screens/worklist.py").run()
    app.session_state["session"].chosen = frozenset({case_id})
    app.run()
    assert "bulk-score" in keys(app) and "bulk-purge" not in keys(app)
    login(email="chief@clinic.example")
    app.run()
    by_key(app, "bulk-purge").click().run()
    assert not app.exception and kept.worklist(Wanted()).total == 0
    assert (kept.audit()[-1].act, kept.audit()[-1].who) == ("purge by hand", "chief@clinic.example")
    assert kept.verify_audit()


def test_without_roles_or_a_login_everybody_may_all(login, monkeypatch):
    login(roles=None, email="guest@clinic.example")
    assert who.may("purge")
    monkeypatch.setattr(who, "claims", lambda: None)
    monkeypatch.setattr(settings, "roles", lambda: LISTS)
    assert who.may("purge")


def test_an_unverified_address_is_nobody(login):
    login(email="chief@clinic.example", email_verified=False, sub="sub-9")
    assert not who.may("purge") and who.actor() == "sub-9"


def test_the_secrets_list_the_roles(monkeypatch):
    monkeypatch.setattr(settings.st, "secrets", {"roles": {"reader": ["a"]}})
    assert settings.roles() == {"reader": ["a"]} and settings.refusal("127.0.0.1") is None
    monkeypatch.setattr(settings.st, "secrets", {"roles": {"readers": ["a"]}})
    assert "names readers. The roles are viewer, reader, admin" in settings.refusal("127.0.0.1")
    monkeypatch.setattr(settings.st, "secrets", {})
    assert settings.roles() is None


def test_an_export_of_a_stored_case_stands_in_the_audit(app, kept):
    case_id = case_of(kept)
    opened(app, case_id)
    from dashboard.parts import export as menu

    analysis = app.session_state["session"].review.analysis
    state = menu.state
    told = {"stored_case": lambda: case_id, "actor": lambda: "Dr Wu", "kept_reading": lambda: None}
    with pytest.MonkeyPatch.context() as patch:
        for name, said in {**told, "drawn": lambda: None, "reading": lambda *_: None}.items():
            patch.setattr(state, name, said)
        for identified in (False, True):
            make = menu.made("json", analysis, "pneumonia", state.say(), identified)
            assert make()
    acts = [(entry.act, entry.who) for entry in kept.audit(case_id)][-2:]
    assert acts == [("export json de-identified", "Dr Wu"), ("export json identified", "Dr Wu")]
