"""What was handed in: every order of acts and of what browsers say without one."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Event

import pytest

from dashboard import given as room
from dashboard.given import File, Given, Offer, Place
from mmbm.case import MODALITIES
from mmbm.errors import UnreadableFile

FIRST = {"image": b"\x89PNG", "notes": b"%PDF", "audio": b"RIFF0000WAVE"}
EMPTY = {"upload": [], "record": [], "typed": ""}


class Value:
    """Stands for a decoded part."""

    def __init__(self, source):
        self.source, self.frames, self.frame = source, 1, 0


@pytest.fixture(autouse=True)
def read_by_name(monkeypatch):
    """A file decodes to its name, a typed note to its text; "bad" is refused."""

    def decoded(modality, offer):
        if offer.name.startswith("bad"):
            raise UnreadableFile("It is damaged.")
        return Value(offer.name or offer.typed)

    monkeypatch.setattr(room, "decoded", decoded)


class Browser:
    """A browser and its server: widgets as last drawn, and the states of those that are gone.

    Every message carries the state of every widget that the browser still knows, as Streamlit's
    do; the server calls back where a state differs from the one it knew, or where it knew none.
    """

    def __init__(self):
        self.given = Given()
        self.files = 0
        self.seen = {}  # by place, what the browser holds
        self.known = {}  # by place, what the server knows
        self.drawn = {}
        self.wanted = dict.fromkeys(MODALITIES)  # by part, what the last act on it left there
        self.draw()

    def draw(self):
        """A run of the page to its end: it reads what waits, and draws its widgets anew."""
        for modality in MODALITIES:
            self.given.read(modality)
        self.drawn = {
            (m, widget): self.given.place(m, widget)
            for m, widget in [(m, "upload") for m in MODALITIES]
            + [("notes", "typed"), ("audio", "record")]
        }
        for (_, widget), place in self.drawn.items():
            blank = self.given.typed or "" if widget == "typed" else EMPTY[widget]
            self.seen.setdefault(place, blank)
            self.known.setdefault(place, self.seen[place])
        self.known = {p: v for p, v in self.known.items() if p in self.drawn.values()}

    def send(self):
        """A message: all states, also of widgets that are gone."""
        for place, state in list(self.seen.items()):
            if self.known.get(place, None) == state:
                continue
            self.known[place] = state
            if place.widget == "typed":
                self.given.write(place, state)
            else:
                self.given.hand_in(place, state)

    def upload(self, modality, of=None, send=True):
        self.files += 1
        of = of or modality
        file = File(f"id{self.files}", f"{of}{self.files}", FIRST[of])
        place = self.drawn[modality, "upload"]
        self.seen[place] = [*self.seen[place], file]
        self.wanted[of] = file.name
        if send:
            self.send()

    def record(self):
        self.files += 1
        file = File(f"id{self.files}", f"rec{self.files}.wav", FIRST["audio"])
        self.seen[self.drawn["audio", "record"]] = [file]
        self.wanted["audio"] = file.name
        self.send()

    def type(self, send=True):
        self.files += 1
        place = self.drawn["notes", "typed"]
        self.seen[place] = f"text {self.files}"
        if place.case == self.given.case:  # a box of the case before is not the reader's any more
            self.wanted["notes"] = self.seen[place]
        if send:
            self.send()

    def empty(self):
        """The reader empties the text box, if anything stands in it.

        A box that was replaced and not yet redrawn says the same when it is gone: the note stays.
        """
        place = self.drawn["notes", "typed"]
        if self.seen[place]:
            stands = place == self.given.place("notes", "typed")
            if stands and self.wanted["notes"] == self.seen[place]:
                self.wanted["notes"] = None
            self.seen[place] = ""
        self.send()

    def remove(self, modality):
        self.wanted[modality] = None
        self.send()
        self.given.remove(modality)

    def sample(self):
        self.send()
        self.given.begin({m: Offer(f"sample {m}") for m in MODALITIES})
        self.wanted = {m: f"sample {m}" for m in MODALITIES}

    def new(self):
        self.send()
        self.given.begin()
        self.wanted = dict.fromkeys(MODALITIES)

    def typed_and_filed(self, filed_first=False):
        """A typed note and a file of notes wait for a busy server."""
        acts = [lambda: self.type(send=False), lambda: self.upload("notes", send=False)]
        for act in reversed(acts) if filed_first else acts:
            act()
        box, uploader = self.drawn["notes", "typed"], self.drawn["notes", "upload"]
        for place in (uploader, box) if filed_first else (box, uploader):
            self.seen[place] = self.seen.pop(place)  # as merged: what was changed last comes last
        self.send()

    def then_new(self, act):
        """An act and "New case" wait for a busy server."""
        act(self)
        self.new()

    def new_then_file(self):
        """ "New case" waits, and a file is dropped on the page that still shows the case before."""
        self.given.begin()
        self.wanted = dict.fromkeys(MODALITIES)
        self.upload("image")

    def tick(self):
        """A fragment's tick: widgets that are gone say that they are empty."""
        gone = [p for p in self.seen if p not in self.drawn.values()]
        for place in gone:
            self.seen[place] = EMPTY[place.widget]
        self.send()

    def leave(self):
        """To another page and back: every widget is mounted anew, at first as if it were empty."""
        for place in list(self.seen):
            self.seen[place] = EMPTY[place.widget] if place.widget != "typed" else ""
        self.known.clear()
        self.seen = {p: v for p, v in self.seen.items() if p.widget != "typed"}
        self.draw()
        self.send()

    def holds(self):
        return {
            m: None if part.value is None else part.value.source
            for m, part in self.given.parts.items()
        }


ACTS = {
    "film": lambda b: b.upload("image"),
    "note": lambda b: b.upload("notes"),
    "note at the image's place": lambda b: b.upload("image", of="notes"),
    "record": Browser.record,
    "type": Browser.type,
    "empty": Browser.empty,
    "remove note": lambda b: b.remove("notes"),
    "sample": Browser.sample,
    "new": Browser.new,
    "film and new": lambda b: b.then_new(lambda b: b.upload("image", send=False)),
    "new and film": Browser.new_then_file,
    "type and note": lambda b: b.typed_and_filed(),
    "note and type": lambda b: b.typed_and_filed(filed_first=True),
    "type and new": lambda b: b.then_new(lambda b: b.type(send=False)),
    "draw": Browser.draw,
    "tick": Browser.tick,
    "leave": Browser.leave,
}


def check(names):
    browser = Browser()
    for name in names:
        ACTS[name](browser)
    browser.draw()
    browser.tick()
    browser.draw()
    assert browser.holds() == browser.wanted, names


@pytest.mark.slow
def test_no_order_of_acts_and_ticks_loses_or_keeps_a_part():
    for names in product(ACTS, repeat=4):
        check(names)


def test_nor_does_any_of_many_longer_orders():
    chance = random.Random(7)
    for _ in range(4000):
        check(chance.choices(list(ACTS), k=14))


def test_the_seen_fault_a_tick_that_carries_a_removed_box_clears_no_note():
    given = Given()
    old = given.place("notes", "typed")
    given.begin({"notes": Offer("sample", b"text")})
    assert not given.write(old, "")
    assert given.parts["notes"].given


def test_a_box_that_shows_a_typed_note_takes_no_file_away_by_saying_so():
    given = Given()
    given.write(given.place("notes", "typed"), "cough")
    given.hand_in(given.place("notes", "upload"), [File("1", "a.txt", b"fever")])
    given.write(Place("notes", "typed", given.case, 0), "fever and cough")  # in the old box
    drawn = given.place("notes", "typed")
    given.show(drawn, "fever and cough")
    given.hand_in(given.place("notes", "upload"), [File("2", "b.txt", b"fever")])
    assert not given.write(drawn, "fever and cough")
    assert given.parts["notes"].offer.name == "b.txt"
    assert given.write(drawn, "no fever")  # the reader's own words are an act


def test_three_files_at_once_are_three_parts_wherever_they_are_dropped():
    given = Given()
    files = [File(m, m, FIRST[m]) for m in MODALITIES]
    assert given.hand_in(given.place("audio", "upload"), files)
    assert {m: part.offer.name for m, part in given.parts.items()} == {m: m for m in MODALITIES}
    assert given.revision == 3


def test_of_two_of_a_kind_the_last_is_taken_and_the_other_said():
    given = Given()
    files = [File("1", "a.png", FIRST["image"]), File("2", "b.png", FIRST["image"])]
    given.hand_in(given.place("image", "upload"), files)
    part = given.parts["image"]
    assert (part.offer.name, part.passed_over) == ("b.png", 1)


def test_a_file_that_nobody_knows_goes_where_it_was_dropped():
    given = Given()
    given.hand_in(given.place("audio", "upload"), [File("1", "a", b"???")])
    assert given.parts["audio"].offer is not None


def test_a_refused_file_leaves_the_good_one():
    given = Given()
    given.hand_in(given.place("image", "upload"), [File("1", "a.png", FIRST["image"])])
    part = given.parts["image"]
    given.read("image")
    given.hand_in(given.place("image", "upload"), [File("2", "bad.png", FIRST["image"])])
    given.read("image")
    assert (part.value.source, part.name, part.error) == ("a.png", "a.png", "It is damaged.")
    assert part.refused == "bad.png"


def test_a_file_counts_once():
    given = Given()
    at, file = given.place("image", "upload"), File("1", "a.png", FIRST["image"])
    assert given.hand_in(at, [file])
    given.remove("image")
    assert not given.hand_in(at, [file]) and not given.parts["image"].given


def test_a_file_dropped_after_new_case_on_the_page_that_is_still_shown_is_taken():
    given = Given()
    at = given.place("image", "upload")
    given.begin()
    assert given.hand_in(at, [File("1", "a.png", FIRST["image"])])
    assert given.parts["image"].offer is not None


def test_a_frame_is_picked_of_the_file_that_is_shown():
    given = Given()
    given.hand_in(given.place("image", "upload"), [File("1", "a.png", FIRST["image"])])
    part = given.parts["image"]
    given.read("image")
    at = given.place("image", "frame")
    part.content = b"frames"
    assert given.pick(at, 2) and part.offer.frame == 2
    assert not given.pick(at, 2)
    given.hand_in(given.place("image", "upload"), [File("2", "b.png", FIRST["image"])])
    assert not given.pick(at, 1), "a picker of the film before does not bring it back"
    given.read("image")
    assert not given.pick(at, 1)


def test_every_place_has_its_own_key():
    places = [
        Place(m, w, case, turn)
        for m in MODALITIES
        for w in ("upload", "record", "typed", "frame")
        for case in range(3)
        for turn in range(3)
    ]
    assert len({place.key for place in places}) == len(places)


def test_a_file_that_one_run_decodes_is_waited_for_by_the_next(monkeypatch):
    """A run that was overtaken goes on decoding; the next must not draw without the part."""
    begun, go_on = Event(), Event()

    def slowly(modality, offer):
        begun.set()
        assert go_on.wait(10)
        return Value(offer.name)

    monkeypatch.setattr(room, "decoded", slowly)
    given = Given()
    given.hand_in(given.place("image", "upload"), [File("1", "a.png", FIRST["image"])])
    with ThreadPoolExecutor() as threads:
        first = threads.submit(given.read, "image")
        assert begun.wait(10)
        second = threads.submit(given.read, "image")
        given.hand_in(given.place("notes", "upload"), [File("2", "n.pdf", FIRST["notes"])])
        assert not second.done()
        go_on.set()
        first.result(10), second.result(10)
    assert given.parts["image"].value.source == "a.png"
    assert given.parts["notes"].offer is not None


@pytest.mark.parametrize("act", ["remove", "begin", "replace"])
def test_an_outcome_counts_only_while_its_offer_stands(monkeypatch, act):
    given = Given()

    def overtaken(modality, offer):
        if offer.name == "a.png":
            if act == "remove":
                given.remove("image")
            elif act == "begin":
                given.begin()
            else:
                file = File("2", "b.png", FIRST["image"])
                given.hand_in(given.place("image", "upload"), [file])
        return Value(offer.name)

    monkeypatch.setattr(room, "decoded", overtaken)
    given.hand_in(given.place("image", "upload"), [File("1", "a.png", FIRST["image"])])
    given.read("image")
    assert given.parts["image"].value is None
    given.read("image")
    value = given.parts["image"].value
    assert (value.source if value else None) == ("b.png" if act == "replace" else None)
