"""Takes the answer out of a real note: the disease's names and what the radiologist concluded."""

from __future__ import annotations

import re

__all__ = ["DISEASE_NAMES", "MASK", "mask_disease_names"]

MASK = "[…]"

_ENGLISH = (
    # the disease and its kinds
    r"broncho-?pneumon\w*|pleuro-?pneumon\w*|pneumon\w*|pneumocystis(?:\s+(?:jirovec\w+|carinii))?",
    r"jirovec\w+|(?-i:PCP|PJP|VAP|HAP|LRTIs?|TB)|(?-i:CAP)(?=\W)|alveolitis|(?:viral|bacterial)"
    r"\s+(?:lung\s+)?infection\w*|(?:chest|lung|pulmonary|lower respiratory(?: tract)?)"
    r"\s+(?:super)?infections?",
    # its causes
    r"(?:covid|ncov|n-cov)(?:\W?(?:2019|19))?|2019-?\s?n-?cov\w*|sars(?:\W?cov\w*(?:\W?2)?)?",
    r"mers(?:\W?cov\w*)?|(?:novel\s+)?corona\s?virus\w*(?:\s+disease)?(?:\s+2019)?",
    r"(?:strepto|pneumo|staphylo)cocc\w*|strep\b|legionell\w*|legionnaire\w*|klebsiell\w*",
    r"mycoplasm\w*|chlam[yi]d\w*|ha?emophilus\w*|pseudomon\w*|influenza\w*|h1n1|flu(?=\W|$)",
    r"varicell\w*|chicken\s?pox|lipoid\w*|tubercul\w*|aspergill\w*|(?-i:ARDS)",
    r"(?:acute|adult)\s+respiratory\s+distress(?:\s+syndrome)?|respiratory\s+distress\s+syndrome",
    # what the film showed
    r"consolidat\w*|infiltrat\w*|opacit\w*|opacif\w*|opaque|condensation\w*",
    r"ground-?\s?glass\w*|(?-i:GGOs?)|air[-\s]?bronchogram\w*|air[-\s]?space\w*",
    r"shadow\w*|white[-\s]?(?:ning|out)|silhouett\w*|reticul\w*|nodul\w*|interstiti\w*",
    r"patchy|hazy|haziness|crazy[-\s]paving|atelecta\w*|effusions?|ha?ematothorax|cavit\w*",
    r"(?:lungs?|lung fields|pleural spaces|chest (?:x-?ray|film|radiograph))(?:\s+and\s+"
    r"(?:lungs?|pleural spaces))?\s+(?:is|are|was|were|appears?|remains?)\s+(?:\w+\s+)?"
    r"(?:clear(?!\s+(?:to|on)\s+ausc)|normal|unremarkable)",
    r"no\s+(?:acute\s+)?(?:thoracic|cardio-?pulmonary|pulmonary|lung|radiographic)\s+"
    r"(?:abnormalit\w+|disease|findings?|lesions?)",
)
_CHINESE = (
    r"(?:支气管|大叶性|间质性|社区获得性|医院获得性|吸入性|病毒性|细菌性|新冠|支原体)*肺炎(?:链球菌)?",
    r"新冠(?:病毒)?(?:感染)?|新型冠状病毒(?:感染)?|冠状病毒|肺孢子\w?|卡氏肺囊虫",
    r"[肺]?[链葡]\w?球菌|军团菌|克雷伯\w?菌?|支原体|衣原体|流感(?:病毒)?|水痘|肺?结核",
    r"(?:肺部?|下呼吸道|呼吸道)感染|急性呼吸窘迫综合征|呼吸窘迫|类脂性",
    r"实变\w?|浸润\w?|磨玻璃\w?|毛玻璃\w?|斑片\w{0,2}|片状\w?影|片影|阴影|高密度影|密度增高\w?",
    r"渗出\w?|炎症|炎性\w{0,2}|支气管充气征|空气支气管征|胸腔积液|胸水|白肺|间质性?改变|结节\w?",
    r"肺不张|空洞",
)

DISEASE_NAMES: re.Pattern[str] = re.compile(
    r"(?<![A-Za-z])(?:" + "|".join(_ENGLISH) + r")|" + "|".join(_CHINESE), re.IGNORECASE
)


def mask_disease_names(text: str) -> str:
    """Replace each disease name or radiographic conclusion, English or Chinese, by ``[…]``.

    >>> mask_disease_names("Fever. CXR: right basal consolidation, likely pneumonia.")
    'Fever. CXR: right basal […], likely […].'
    """
    return DISEASE_NAMES.sub(MASK, text)
