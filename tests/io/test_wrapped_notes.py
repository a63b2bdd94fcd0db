"""Web pages, mails, FHIR, CDA and encodings: the words are read, markup and code never."""

import base64
import json
import quopri

import pytest

from mmbm.errors import NoSignal, TooLarge, UnreadableFile, UnsupportedFile
from mmbm.io import read_notes
from tests.made_files import docx, pdf
from tests.made_notes import cda, fhir, form, mail

ENGLISH = "58-year-old man. Cough for 4 days, T 38.7 °C, SpO2 < 94%."
ESCAPED = ENGLISH.replace("<", "&lt;")
CHINESE = "患者咳嗽3天，发热38.5℃，胸痛。"


def read(content, name="note"):
    return read_notes(content, name)


@pytest.mark.parametrize(
    ("page", "right"),
    [
        ("<html><head><title>EPR</title></head><body><p>No<p>fever</body></html>", "No\nfever"),
        ("<!DOCTYPE html><script>fever()</script><style>a{}</style><div>Cough</div>", "Cough"),
        ("<p>T&nbsp;38.7&nbsp;&deg;C, SpO2 &lt; 94%</p>", "T 38.7 °C, SpO2 < 94%"),
        ("<p style='display: none'>not</p><p hidden>not</p><p>Cough</p>", "Cough"),
        ("<style>.a, #b {display:none}</style><i class=a>not</i><i id=b>not</i><p>Cough", "Cough"),
        ("<style>@media print{p{display:none}}</style><p>Cough", "Cough"),
        ("<p style='mso-hide:all'>not</p><!-- not --><p>Cough<o:p></o:p></p>", "Cough"),
        ("<p>No <b>fe</b>ver,<br>cough</p>", "No fever,\ncough"),
        ("<table><tr><td><p>Temp</p></td><td>38.7</td></tr><tr><td>HR<td>90</table>",
         "Temp\t38.7\nHR\t90"),
        ("<p>Cough <select><option>mild<option selected>severe</select> "
         "<input value='3 days'><input type=hidden value=not></p>", "Cough severe 3 days"),
        ("<p><input type=checkbox checked>cough <input type=checkbox>fever",
         "[x] cough [ ] fever"),
        ("<p>Cough <textarea>3  days</textarea>", "Cough 3  days"),
        ("No <b>fever</b>\nT <38, SpO2 >94%", "No fever\nT <38, SpO2 >94%"),
        ("# Note\n\nCough <br>fever & T > 38", "# Note\n\nCough \nfever & T > 38"),
        ("<ul><li>cough<li>fever</ul>", "cough\nfever"),
        ("<p>咳<ruby>嗽<rt>sou</rt></ruby>", "咳嗽"),
    ],
)  # fmt: skip
def test_a_web_page_is_its_words(page, right):
    notes = read(page.encode(), "note.doc")
    assert notes.text == right
    assert (notes.file_format, notes.warnings) == ("html", ())


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<p>Cough<del> not</del>", "Struck-through"),
        ("<p>Cough<span style='text-decoration: line-through'> not</span>", "Struck-through"),
        ("<p>Cough<img src=a.png>", "Images in the page that were not read: 1."),
        (
            "<p>Cough<iframe src=a.html></iframe>",
            "Embedded objects in the page that were not read: 1.",
        ),
    ],
)
def test_what_a_web_page_shows_besides_is_said(page, said):
    notes = read(page.encode())
    assert notes.text == "Cough"
    assert said in notes.warnings[0]


def test_a_picture_of_one_pixel_is_not_worth_a_word():
    assert read(b"<p>Cough<img src=a.png width=1 height=1>").warnings == ()


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "gb18030", "big5"])
def test_web_pages_in_every_character_set(charset):
    label = "" if charset == "utf-16" else f"<meta charset={charset}>"
    page = f"<html><head>{label}</head><body><p>病人咳嗽三天</p></body></html>"
    assert read(page.encode(charset)).text == "病人咳嗽三天"


def test_a_declared_character_set_that_is_wrong_does_not_count():
    page = "<meta charset=iso-8859-1><p>T 38.7 °C</p>"
    assert read(page.encode()).text == "T 38.7 °C"


@pytest.mark.parametrize(
    "page",
    [
        b"<html></html>",
        b"<body><script>fever()</script></body>",
        b"<frameset><frame src=a></frameset>",
        b"<p><img src=a></p>",
    ],
)
def test_an_empty_page_is_no_note(page):
    with pytest.raises(NoSignal, match="The web page shows no text of its own"):
        read(page)


@pytest.mark.parametrize("cte", ["quoted-printable", "base64", "8bit"])
@pytest.mark.parametrize("words", [ENGLISH, CHINESE])
def test_mails_are_decoded(cte, words):
    notes = read(mail(words, cte=cte))
    assert notes.text.strip() == words
    assert notes.warnings == ("The subject of the e-mail was not read.",)


@pytest.mark.parametrize("charset", ["gb2312", "gb18030", "big5", "iso-8859-1"])
def test_mails_in_other_character_sets(charset):
    words = "T 38.7 °C" if charset == "iso-8859-1" else "病人咳嗽三天"
    words = "病人咳嗽三天".replace("嗽", "嗽") if charset == "big5" else words
    assert read(mail(words, charset=charset, cte="base64")).text.strip() == words


def test_of_two_versions_the_plain_one_is_read():
    assert read(mail("Cough", html="<p>Cough</p>")).text.strip() == "Cough"
    assert read(mail(html="<p>Cough <b>now</b></p>")).text == "Cough now"


def test_attachments_are_named():
    notes = read(mail("Cough", attached=[(b"x", "application/pdf", "a.pdf")]))
    assert notes.warnings == (
        "The subject of the e-mail was not read.",
        "Attachments of the e-mail that were not read: 1.",
    )
    with pytest.raises(NoSignal, match=r"no text of its own\. Give its attachment"):
        read(mail(attached=[(b"x", "application/pdf", "a.pdf")]))


def test_a_web_archive_is_its_page():
    content = (
        b"From: <Saved by Blink>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; "
        b'type="text/html"; boundary="x"\r\n\r\n--x\r\nContent-Type: text/html\r\n'
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>T 38.7 =C2=B0C</p>\r\n"
        b"--x\r\nContent-Type: text/css\r\nContent-ID: <c>\r\n\r\np{}\r\n--x--\r\n"
    )
    assert read(content, "note.mht").text == "T 38.7 °C"
    assert read(content[content.index(b"--x") :]).text == "T 38.7 °C"


def test_forwarded_and_signed_mails_are_read():
    inner = mail("Cough")
    head = b"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n"
    assert read(head + inner).text.strip() == "Cough"


@pytest.mark.parametrize(
    "resource",
    [
        fhir(presentedForm=[form(ENGLISH.encode())]),
        fhir(presentedForm=[form(f"<p>{ESCAPED}</p>".encode(), "text/html")]),
        fhir(presentedForm=[form(docx([ENGLISH]), "application/msword")]),
        fhir(text={"status": "generated", "div": f"<div><p>{ESCAPED}</p></div>"}),
        fhir(conclusion=ENGLISH),
        fhir("DocumentReference", content=[{"attachment": form(ENGLISH.encode())}]),
        fhir("Binary", **form(ENGLISH.encode())),
        fhir("Observation", valueString=ENGLISH),
        fhir("Communication", payload=[{"contentString": ENGLISH}]),
        fhir("Condition", note=[{"text": ENGLISH}]),
        fhir("Bundle", entry=[{"resource": json.loads(fhir(conclusion=ENGLISH))}]),
        b"[" + fhir(conclusion=ENGLISH) + b"]",
        fhir("Patient") + b"\n" + fhir(conclusion=ENGLISH),
        b'<DiagnosticReport xmlns="http://hl7.org/fhir"><conclusion value="'
        + ENGLISH.replace("<", "&lt;").encode()
        + b'"/></DiagnosticReport>',
        b'<?xml version="1.0"?><Bundle xmlns="http://hl7.org/fhir"><entry><resource><Observation>'
        b'<presentedForm><contentType value="text/plain"/><data value="'
        + base64.b64encode(ENGLISH.encode())
        + b'"/></presentedForm></Observation></resource></entry></Bundle>',
        fhir(conclusion=f"<p>{ESCAPED}</p>"),
        fhir(conclusion=ENGLISH, presentedForm=[form(ENGLISH.encode())]),
    ],
)  # fmt: skip
def test_fhir_resources_are_their_words(resource):
    notes = read(resource, "report.json")
    assert notes.text.strip() == ENGLISH
    assert notes.file_format == "fhir"


def test_narratives_and_documents_of_fhir_stand_in_order():
    composition = fhir(
        "Composition",
        section=[
            {"title": "History", "text": {"div": "<div>Cough</div>"}},
            {"title": "Examination", "text": {"div": "<div>Crackles</div>"}},
        ],
    )
    assert read(composition).text.split() == ["History", "Cough", "Examination", "Crackles"]


@pytest.mark.parametrize(
    ("resource", "error", "message"),
    [
        (fhir("Patient"), NoSignal, "contains no written text"),
        (fhir(presentedForm=[{"url": "http://x"}]), UnsupportedFile, "only links to its document"),
        (fhir(presentedForm=[form(b"{\\rtf1 x}")]), UnsupportedFile, "a rich text document"),
        (fhir(presentedForm=[{"data": "%%%"}]), UnreadableFile, "is not valid base64"),
        (fhir(conclusion="x" * 9)[:-3], UnsupportedFile, "JSON"),
        (b'{"note": "cough"}', UnsupportedFile, "JSON data other than FHIR"),
        (b'[{"note": "cough"}]', UnsupportedFile, "JSON data other than FHIR"),
    ],
)
def test_json_that_is_no_note_is_named(resource, error, message):
    with pytest.raises(error, match=message):
        read(resource)


def test_what_fhir_leaves_out_is_said():
    notes = read(fhir(conclusion="Cough", presentedForm=[form(b"{\\rtf1 x}")]))
    assert notes.warnings == (
        "A document in the FHIR resource could not be read and was left out.",
    )
    wrong = json.loads(fhir(conclusion="fever")) | {"status": "entered-in-error"}
    notes = read(b"[" + fhir(conclusion="Cough") + b"," + json.dumps(wrong).encode() + b"]")
    assert notes.text == "Cough"
    assert "entered in error" in notes.warnings[0]


def test_the_narrative_of_cda_is_read_without_its_entries():
    notes = read(
        cda(
            ("History", "<paragraph>Cough &lt; 3 days</paragraph><list><item>fever</item></list>"),
            ("Vital signs", "<table><tbody><tr><th>T</th><td>38.7</td></tr></tbody></table>"),
            ("", "<content revised='delete'>not</content>"),
        )
    )
    assert notes.text.splitlines() == [
        "History", "Cough < 3 days", "fever", "Vital signs", "T\t38.7",
    ]  # fmt: skip
    assert notes.file_format == "cda"


def test_the_document_in_place_of_a_narrative_is_read():
    inner = base64.b64encode(pdf("Cough for 3 days")).decode()
    body = f"<nonXMLBody><text mediaType='application/pdf' representation='B64'>{inner}</text>"
    assert read(cda(body=body + "</nonXMLBody>")).text == "Cough for 3 days"
    with pytest.raises(NoSignal, match="no narrative text"):
        read(cda())
    with pytest.raises(UnreadableFile, match="not valid XML"):
        read(cda(("History", "Cough"))[:-30])


@pytest.mark.parametrize("words", [ENGLISH, CHINESE])
@pytest.mark.parametrize(
    "encode",
    [
        lambda content: base64.b64encode(content * 3),
        lambda content: base64.encodebytes(content * 3),
        lambda content: base64.urlsafe_b64encode(content * 3),
        lambda content: b"data:text/plain;base64," + base64.b64encode(content * 3),
        lambda content: quopri.encodestring(content * 3),
        lambda content: (content * 3).hex().encode(),
        lambda content: (content * 3).hex(" ").upper().encode(),
    ],
    ids=["base64", "in lines", "for addresses", "data address", "quoted-printable", "hex", "bytes"],
)
def test_files_that_are_encoded_as_a_whole(words, encode):
    assert read(encode(words.encode())).text == words * 3


@pytest.mark.parametrize(
    ("content", "right"),
    [
        (CHINESE.encode("utf-7"), CHINESE),
        ("患者咳嗽发热".encode("hz"), "患者咳嗽发热"),
        (b"T 38.7 +ALA-C", "T 38.7 °C"),
        (b"%E6%82%A3%E8%80%85%E5%92%B3%E5%97%BD 3%", "患者咳嗽 3%"),
        (b"Cough%20and%20fever%20for%20days", "Cough and fever for days"),
        (rb"\u60a3\u8005\u54b3\u55fd", "患者咳嗽"),
        (b'"\\u60a3\\u8005\\u54b3\\u55fd"', "患者咳嗽"),
        (b"&#24739;&#32773;&#21683;&#22013;", "患者咳嗽"),
        (b"T 38.7&nbsp;&deg;C, SpO2 &lt; 94%", "T 38.7 °C, SpO2 < 94%"),
        ("T 38.7 °C ±".encode().decode("cp1252").encode(), "T 38.7 °C ±"),
        ("患者咳嗽".encode().decode("latin-1").encode(), "患者咳嗽"),
        (b"=?utf-8?B?5oKj6ICF5ZKz5Ze9?= 3 =?utf-8?Q?=E5=A4=A9?=", "患者咳嗽 3 天"),
    ],
)  # fmt: skip
def test_escapes_are_undone(content, right):
    assert read(content).text == right


@pytest.mark.parametrize(
    "text",
    [
        "Edema 2+, S1+S2+0, +ve rub, A+O x3, Na+ 140, K+ 4.1, D+V",
        "SpO2=94 RR=24 HR=88 BP=120/80 T=38",
        "100% on air, 50%DV, 94%A2",
        "CRP <5; WBC >12; R&D, A&E; S&S",
        "[x] cough [ ] fever {none}",
        "{cough} and [fever]",
        "Cough\nFever\nDyspnoea\nChestpain",
        "Subject: cough\nDate: today\n\nFever since Monday.",
        "Received: 2 units of blood\nFrom: ward 4",
        "Plan: CXR ____________________________________ signed",
        "~{3 days}~ cough",
        "café, Sjögren, µg, ±, 38.7 °C – “dry”",
        "https://pacs.example.org/" + "study/" * 20,
        "<72 h of cough, >38 C",
        r"C:\users\note.txt and \u00",
        "38 120 80 36 98 24 38 120 80 36 98 24 38 120 80 36 98 24 38 120 80 36 98 24 38 120 80 36",
        "BMI 23, MSH syndrome, ID 3",
    ],
)
def test_notes_that_only_look_encoded_stay_verbatim(text):
    assert read(text.encode()).text == text


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"{\\rtf1 cough}", "a rich text document \\(RTF\\)"),
        (b"\xd0\xcf\x11\xe0" + bytes(600) + "WordDocument".encode("utf-16-le"), "an old Word"),
        (
            b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"),
            "Office document with a pass",
        ),
        (b"\xd0\xcf\x11\xe0" + "__properties_version1".encode("utf-16-le"), "an Outlook message"),
        (b"\xd0\xcf\x11\xe0" + "Workbook".encode("utf-16-le"), "an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Office document"),
        (b"MSH|^~\\&|LAB|", "an HL7 version 2 message"),
        (b"\x0bMSH|^~\\&|LAB|", "an HL7 version 2 message"),
        (b"bplist00\xd1", "a Safari web archive"),
        (b"x\x9f>\x22\x00", "an Outlook attachment"),
        (b"begin 644 note.txt\n#0V%T\n", "uuencode"),
        (b"-----BEGIN PGP MESSAGE-----\n", "encrypted or signed"),
        (b"\x1f\x8b\x08", "a compressed archive"),
        (b"%!PS-Adobe-3.0", "a PostScript document"),
        (b"%FDF-1.2", "PDF form data without its form \\(FDF\\)"),
        (b"BEGIN:VCARD\n", "a contact or calendar file"),
        (b"\x89PNG\r\n\x1a\n", "an image"),
        (b"GIF89a", "an image"),
        (b"RIFF\0\0\0\0WAVEfmt ", "a sound or a video"),
        (b"\0\0\0\x20ftypM4A ", "a sound or a video"),
        (bytes(128) + b"DICM", "a DICOM file"),
        (b'<?xml version="1.0"?><w:wordDocument xmlns:w="x"/>', "a Word 2003 XML document"),
        (b'<?xml version="1.0"?><pkg:package xmlns:pkg="x"/>', "a Word document in one XML file"),
        (b'<?xml version="1.0"?><note>cough</note>', "XML data of a kind that is not read"),
        (b"<note>cough</note>", "XML data of a kind that is not read"),
        (b"<svg><text>cough</text></svg>", "a drawing"),
    ],
)
def test_other_files_are_refused_by_name(content, what):
    with pytest.raises(UnsupportedFile, match=f"This file is .*{what}"):
        read(content)


def test_code_among_words_is_refused():
    block = base64.b64encode(bytes(range(256)) * 2).decode()
    with pytest.raises(UnsupportedFile, match=r"encoded data \(base64\) among their words"):
        read(f"Report attached:\n{block}\n".encode())


def test_wrappers_within_wrappers_have_an_end():
    content = b"Cough and fever for three days, no chest pain."
    for _ in range(8):
        content = base64.b64encode(content)
    with pytest.raises(UnsupportedFile, match="nested in too many files"):
        read(content)


def test_long_text_is_not_decoded():
    with pytest.raises(TooLarge, match="more than 200,000 characters"):
        read(b"cough " * 10**6)
