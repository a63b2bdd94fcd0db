"""How dates, numbers and addresses of a patient are written, in English and Chinese."""

from __future__ import annotations

import re

__all__ = ["ADDRESSES", "DATES", "NUMBERS"]

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    r"Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:(?:19|20)\d\d|['’]\d\d)"

DATES = (
    re.compile(r"(?<![\d./-])(?:19|20)\d\d\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{1,2}(?!\d)"),
    re.compile(r"(?<![\d./-])\d{1,2}([-/.])\d{1,2}\1(?:19|20)?\d\d(?![\d/])"),
    re.compile(rf"\b{_DAY}\s?(?:of\s)?[-\s]?{_MONTH}(?:[-,\s]*{_YEAR})?(?!\w)", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s+{_DAY}(?:,?\s*{_YEAR})?(?!\w)", re.IGNORECASE),
    re.compile(rf"\b{_MONTH},?\s+(?:of\s+)?{_YEAR}(?!\w)", re.IGNORECASE),
    re.compile(r"(?<=\bon )\d{1,2}/\d{1,2}(?![\d/])|(?<=\bsince )\d{1,2}/\d{1,2}(?![\d/])"),
    re.compile(r"(?:(?:19|20)\d\d|\d\d)\s?年\s?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号])?"),
    re.compile(r"(?<!\d)\d{1,2}\s?月\s?\d{1,2}\s?[日号]"),
    re.compile(r"(?:19|20)\d\d\s?年"),
    re.compile(
        r"[〇零一二三四五六七八九]{4}年[一二三四五六七八九十]{1,2}月(?:[一二三四五六七八九十]{1,3}日)?"
    ),
)

_LABEL = (
    r"(?i:(?:MRN|SSN|NHS|NINO?|account|acct|policy|insurance|licen[cs]e|accession|record|chart|"
    r"specimen|sample|order)\b|(?:hospital|patient|case|visit|study|unit)\s*(?:ID|number|no\b|num|#))"
    r"(?i:\s*(?:ID|number|no|num|is)\b)*\.?\s*[:#]?\s*#?\s*"
)
_LABEL_ZH = (
    r"(?:病历号?|住院号?|门诊号?|就诊号?|患者编号|病人号|病案号|身份证号?码?|医保卡?号?|社保卡?号?|检查号|"
    r"登记号|影像号|条码号?|床号|电话号?码?|手机号?码?|联系电话|联系方式|卡号|编号)\s*(?:为|是)?\s*[:：#]?\s*"
)
_DIALLED = r"[+(]?\d[\d().\s-]{5,24}\d(?:\s?(?:x|ext\.?)\s?\d+)?"
NUMBERS = (
    re.compile(
        rf"\b(?:phone|tel|telephone|mobile|cell|fax|pager|number|at|call)\.?\s*[:#]?\s*"
        rf"(?P<told>{_DIALLED})",
        re.IGNORECASE,
    ),
    re.compile(  # eight digits and more in groups
        r"(?<![\d.,/])(?=(?:\D?\d){8})\(?\d{2,5}\)?(?:[-. ]?\d{3,4}){1,3}(?:\s?x\d+)?(?![\d/])"
    ),
    re.compile(r"\+\d[\d().\s-]{7,24}\d|\(0?\d{2,4}\)[.\s-]?\d[\d.\s-]{4,16}\d"),
    re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,6}"),
    re.compile(r"\b(?:https?://|www\.)[^\s，。；]{1,300}", re.IGNORECASE),
    re.compile(
        rf"\b{_LABEL}(?P<told>[A-Z]{{0,4}}[-\s]?\d(?:[-\s/]?\d){{3,20}}[A-Z]?"
        rf"|[A-Z]{{1,4}}-?\d[\dA-Z-]{{1,20}})"
    ),
    re.compile(r"\b[A-Z]{2}\s?\d\d\s?\d\d\s?\d\d\s?[A-Z]\b"),
    re.compile(rf"{_LABEL_ZH}(?P<told>[A-Za-z]{{0,4}}[-\s]?\d[\dA-Za-z-]{{0,20}})"),
    re.compile(r"(?<![\d.])\d{17}[\dXx](?!\d)|(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"),
    re.compile(
        r"(?<![\d.])(?:\+?\d{1,3}[-.\s]?)?\(?\d{3,4}\)?[-.\s]\d{3,4}[-.\s]\d{3,4}(?:\s?x\d+)?(?!\d)"
    ),
    re.compile(r"(?<![\d.])0\d{2,3}[-\s]\d{7,8}(?!\d)|(?<![\d.])(?:\+?86[-\s]?)?1[3-9]\d{9}(?!\d)"),
    re.compile(
        r"(?<![\w.])(?:[A-Z]{1,4}-?)?\d{6,20}(?!\w|\.\d)|(?<!\w)[A-Z]{1,3}\d{5,20}[A-Z]?(?!\w)"
    ),
    re.compile(r"(?<![\d.])\d{3}[-\s]\d{3}[-\s]\d{4}(?!\d)"),
    re.compile(r"(?<![\d.])(?:9\d|1[01]\d)(?=[\s-]*(?:years?|yrs?|y/?o)\b|\s*岁)", re.IGNORECASE),
)

_CAPS = r"[A-Z][\w'’.-]{0,30}"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Court|Ct|Boulevard|Blvd|Way|Ways|Place|Pl|"
    r"Square|Sq|Terrace|Close|Crescent|Highway|Hwy|Parkway|Pkwy|Circle|Cir|Trail|Row|Walk|Park|"
    r"Alley|Grove|Gardens?|Hill|Loop|Plaza|Pike|Run|Path|Mews|Ridge|Rise|View|Route|Turnpike)"
)
_UNIT = r"(?:Apt|Apartment|Suite|Ste|Unit|Flat|Room|Floor|Box)\.?\s?#?\w{1,10}"
_STATE = r"[A-Z]{2}\s+\d{5}(?:-\d{4})?"
_POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}"

_ZIP = (
    rf"(?:{_STATE}|{_POSTCODE}|[A-Z]\d[A-Z]\s?\d[A-Z]\d|[A-Z]{{2,3}},?\s+\d{{4}}|\d{{6}}|\d{{5}})"
)

ADDRESSES = (
    re.compile(  # from a number to a postal code, with capitalised words between
        rf"(?:\b{_UNIT},?\s+|\bH\.?\s?No\.?\s?)?\b(?:[A-Z][a-z]+\s)?\d{{1,6}}[\w/-]{{0,10}},?\s"
        rf"(?:(?:{_CAPS}|{_UNIT}|\d{{1,6}}[\w/-]{{0,10}})[,\s]+){{1,10}}?(?:{_CAPS}-)?{_ZIP}(?!\w)"
    ),
    re.compile(
        rf"\b\d{{1,6}}[A-Z]?,?\s+(?:{_CAPS}\s+){{1,4}}?{_STREET}\b\.?(?:,?\s+{_UNIT})?"
        rf"(?:,?\s+(?:{_CAPS}\s?){{1,3}})?(?:,?\s+(?:{_STATE}|{_POSTCODE}))?"
    ),
    re.compile(
        rf"\b\d{{1,6}}\s+(?:{_CAPS}\s+){{1,4}}(?:{_UNIT})?,?\s*(?:{_CAPS}\s?){{1,3}},\s+{_STATE}"
    ),
    re.compile(rf"(?:{_CAPS}\s){{0,2}}{_CAPS},\s+{_STATE}\b"),
    re.compile(rf"\b{_POSTCODE}\b(?<![A-Z]\d\d)"),
    re.compile(
        rf"\b(?:P\.?\s?O\.?\s+Box\s+\w+|(?:PSC|Unit)\s+\d+,?\s+Box\s+\d+)(?:,?\s+\w+,?\s+{_STATE})?"
    ),
    re.compile(
        r"(?:\b(?:[Aa]ddress|[Hh]ome)(?:\s+is|\s+address)?\s*:\s*"
        r"|\b(?:lives|living|resides|residing|stays|moved|moving)\s+(?:at|in|to|from)\s+)"
        r"(?=[^\n;.]{0,12}[\dA-Z])"
        r"(?P<told>(?:[^\n;.]|(?<=\bSt)\.|(?<=No)\.|(?<=Apt)\.|\.(?=\w)){3,120})"
    ),
    re.compile(
        r"(?:[\u4e00-\u9fff]{2,7}?(?:省|自治区|市|自治州|地区))?[\u4e00-\u9fff]{1,7}?(?:市|县|区|旗)"
        r"(?:[\u4e00-\u9fff]{1,7}?(?:区|县|镇|乡|街道|村))?"
        r"[\u4e00-\u9fff]{0,8}(?:路|街|巷|弄|道|村|社区|小区|大道|胡同|庄)"
        r"(?:[\u4e00-\u9fff]{0,6}[\dA-Za-z一二三四五六七八九十-]{1,8}(?:号|弄|栋|幢|座|单元|室|楼|组|层)?){0,6}"
        r"(?:\s+\d{6})?"
    ),
    re.compile(
        r"(?:家庭住址|现住址|住址|地址|家住|现居|居住于|居住在|住在|籍贯|户籍)\s*[:：为]?\s*"
        r"(?P<told>[\u4e00-\u9fff][\u4e00-\u9fff\dA-Za-z-]{2,40})"
    ),
    re.compile(
        r"[\u4e00-\u9fff]{1,8}(?:路|街|巷|弄|大道|胡同)\s?[\dA-Za-z一二三四五六七八九十-]+\s?(?:号|弄|座|栋|幢)"
        r"(?:[\dA-Za-z-]{1,8}(?:号|栋|幢|座|单元|室|楼))*"
    ),
)
