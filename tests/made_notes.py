"""Notes in every wrapper that hospitals send, built from their words."""

import base64
import io
import json
import zipfile
from email.message import EmailMessage
from xml.sax.saxutils import escape

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SPACES = (
    f'xmlns:r="{RELATIONS}" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)


def run(text, properties=""):
    words = f'<w:t xml:space="preserve">{escape(text)}</w:t>'
    return f"<w:r><w:rPr>{properties}</w:rPr>{words}</w:r>"


def paragraph(*parts, properties=""):
    """Text, or XML where a part begins with "<"."""
    inner = "".join(part if part.startswith("<") else run(part) for part in parts)
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def table(*rows, properties=""):
    cells = ("".join(f"<w:tc>{cell}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{properties}{row}</w:tr>' for row in cells)}</w:tbl>"


def story(root, body, namespace=W):
    """One part of a Word document: its root element and what stands in it."""
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<w:{root} xmlns:w="{namespace}" {SPACES}>{body}</w:{root}>'
    )


def word(body, *, parts=(), main="word/document.xml", namespace=W, extra=None, relations=RELATIONS):
    """A Word document; ``parts`` are (id, kind, name, content) that its body refers to."""
    folder, _, base = main.rpartition("/")
    listed = "".join(
        f'<Relationship Id="{key}" Type="{relations}/{kind}" Target="{name}"/>'
        for key, kind, name, _ in parts
    )
    files = {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{relations}/officeDocument" Target="{main}"/></Relationships>',
        main: story("document", f"<w:body>{body}</w:body>", namespace),
        f"{folder}/_rels/{base}.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{listed}'
        "</Relationships>",
    }
    files |= {f"{folder}/{name}": content for _, _, name, content in parts} | (extra or {})
    return zipped(files)


def zipped(files, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def mail(text="", *, html="", charset="utf-8", cte=None, attached=(), subject="Referral"):
    message = EmailMessage()
    message["Subject"], message["From"] = subject, "ward@example.org"
    if text:
        message.set_content(text, charset=charset, cte=cte)
    if html and text:
        message.add_alternative(html, subtype="html")
    elif html:
        message.set_content(html, subtype="html", charset=charset, cte=cte)
    for content, kind, name in attached:
        message.add_attachment(content, *kind.split("/"), filename=name)
    return bytes(message)


def fhir(resource="DiagnosticReport", **elements):
    return json.dumps({"resourceType": resource, "status": "final"} | elements).encode()


def form(content, kind="text/plain"):
    return {"contentType": kind, "data": base64.b64encode(content).decode()}


def cda(*sections, body=""):
    """A clinical document; a section is (title, narrative XML)."""
    inner = "".join(
        f"<component><section><code code='1'/><title>{title}</title><text>{narrative}</text>"
        "<entry><observation><value>999</value></observation></entry></section></component>"
        for title, narrative in sections
    )
    inner = body or f"<structuredBody>{inner}</structuredBody>"
    return (
        '<?xml version="1.0"?><?xml-stylesheet href="CDA.xsl"?>'
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><patientRole><id extension="77"/>'
        f"</patientRole></recordTarget><component>{inner}</component></ClinicalDocument>"
    ).encode()


def raw_pdf(*objects, trailer="", version="1.7"):
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    pieces, place = [f"%PDF-{version}\n".encode()], []
    length = len(pieces[0])
    for number, content in enumerate(objects, 1):
        place.append(length)
        content = content if isinstance(content, bytes) else content.encode()
        pieces.append(f"{number} 0 obj\n".encode() + content + b"\nendobj\n")
        length += len(pieces[-1])
    table = "".join(f"{at:010} 00000 n \n" for at in place)
    size = len(objects) + 1
    end = (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}"
        f"trailer<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{length}\n%%EOF\n"
    )
    return b"".join(pieces) + end.encode()


def stream(content, about=""):
    content = content if isinstance(content, bytes) else content.encode("latin-1")
    return f"<<{about}/Length {len(content)}>>stream\n".encode() + content + b"\nendstream"


HELVETICA = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def page_pdf(content, *, font=HELVETICA, catalogue="", page="", resources="", more=(), about=""):
    """A PDF of one page; ``more`` objects are numbered from 6."""
    return raw_pdf(
        f"<</Type/Catalog/Pages 2 0 R{catalogue}>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R{page}"
        f"/Resources<</Font<</F1 5 0 R>>{resources}>>>>",
        stream(content, about),
        font,
        *more,
    )
