"""Text that asks a page for something: to run a script, to load from elsewhere, to look otherwise.

What is asked for lies on hosts that do not exist; a script that ran would set ``window.ran``.
"""

HOST = "ask.example.invalid"
RUN = "window.ran=1"

MARKDOWN = [
    f"![i](http://{HOST}/1.png)",
    f"![i](//{HOST}/2.png)",
    f"[![i](http://{HOST}/3.png)](http://{HOST}/3)",
    f"![i][r]\n\n[r]: http://{HOST}/4.png",
    f"[link](http://{HOST}/5)",
    f"[link](javascript:{RUN})",
    f"<http://{HOST}/7>",
    f"http://{HOST}/8",
    f"www.{HOST}/9",
    f"someone@{HOST}",
    f"mailto:someone@{HOST}",
    f"text[^1]\n\n[^1]: ![i](http://{HOST}/12.png)",
    "# A heading as large as it gets",
    "> a quotation",
    "- [ ] a task",
    "1. an item",
    "| a | b |\n| - | - |\n| c | d |",
    "```html\n<b>code</b>\n```",
    "---",
    "a\n===",
    "**bold** _italics_ ~~struck~~ `code`",
    ":red[red] :blue-background[blue] :small[small] :rainbow[rainbow]",
    ":material/delete: :streamlit: :smile: :+1:",
    ":badge[badge] :orange-badge[badge] :shimmer[waits] :tooltip[a]{b}",
    r"$\href{http://ask.example.invalid/25}{x}$ $$\includegraphics{http://ask.example.invalid}$$",
    r"$\htmlStyle{position:fixed;inset:0;background:red}{x}$ \(x\) \[y\]",
    r"$\rule{100em}{100em}$",
    "-> <- <-> --> == >= !=",
    "&lt;b&gt; &amp; &copy; &#x3c;img&#x3e; &nbsp;",
    f"\\![i](http://{HOST}/30.png) \\\\![i](http://{HOST}/30b.png)",
]
HTML = [
    f"<script>{RUN}</script>",
    f"<img src=http://{HOST}/32.png onerror={RUN}>",
    f'"><img src=x onerror="{RUN}">',
    f"'><svg onload={RUN}>",
    f'<svg><image href="http://{HOST}/35.png"/></svg>',
    f'<iframe src="http://{HOST}/36"></iframe>',
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f'<object data="http://{HOST}/38"></object><embed src="http://{HOST}/38">',
    f'<link rel=stylesheet href="http://{HOST}/39.css">',
    f"<style>@import 'http://{HOST}/40.css'; body {{ display: none }}</style>",
    f'<div style="background:url(http://{HOST}/41.png);position:fixed;inset:0">x</div>',
    f'<video poster="http://{HOST}/42.png" src="http://{HOST}/42.mp4" autoplay></video>',
    f'<meta http-equiv="refresh" content="0;url=http://{HOST}/43">',
    f'<base href="http://{HOST}/">',
    f'<form action="http://{HOST}/45"><button autofocus>x</button></form>',
    f"<details open ontoggle={RUN}><summary>x</summary></details>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}></style></mglyph></table></math>",
    f"<a href=\"javascript:{RUN}\">x</a><a href='http://{HOST}/48' ping='http://{HOST}/48p'>y</a>",
    "</div></div></section></main></body></html>",
    "<!-- a comment that never ends",
    "<b>bold<br><br><br><br><br>and long</b><plaintext>",
    f"<template shadowrootmode=open><img src=http://{HOST}/52.png></template>",
]
OTHER = [
    f"%{{x}} %{{customdata}} <a href='http://{HOST}/53'>x</a><extra></extra>",
    "{reason} {0} {finding!r} %s %(x)s ${x} {{x}}",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.mlif\N{POP DIRECTIONAL FORMATTING}\N{RIGHT-TO-LEFT ISOLATE}x",
    "Z" + "a\u0300\u0301\u0302\u0303\u0304" * 20,
    "W" * 400,
    "word " * 100,
    "\x1b[31mred\x07\b\ttab",
    "\N{ZERO WIDTH SPACE}\N{WORD JOINER}\ufeff\u200e\u202a hidden \U000e0041\U000e0042",
]
PAYLOADS = [*MARKDOWN, *HTML, *OTHER]
