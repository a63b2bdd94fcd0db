"""Where a note names a person, in English and Chinese.

English: a title or a label before it; a capitalised word that no dictionary has; a given name and
the capitalised word behind it. Chinese: a surname and one or two characters between words that go
with a person. A name that was found once is found everywhere in the note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from mmbm.errors import ConfigError
from mmbm.text import sentence

__all__ = ["names_in"]

_WORD = r"[A-Z\u00c0-\u00de][\w'’]{1,24}(?:-[A-Z\u00c0-\u00de]\w{1,24}){0,2}"
PARTS = 3  # of a word, with hyphens between
_INITIAL = r"[A-Z]\.?"
_TITLES = r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Doctor|Prof|Professor|Nurse|Sister|Sir|Rev|Father|Pastor)\b\.?"
_LABELS = (
    r"(?:name|patient|pt|physician|doctor|surgeon|assistant|anesthesiologist|attending|resident|"
    r"consultant|provider|nurse|therapist|author|signed|seen|dictated|reviewed|reported|referred|"
    r"examined|accompanied|transcribed|performed|contact|kin|cc|attn|wife|husband|son|daughter|"
    r"mother|father|brother|sister|partner|spouse|friend|neighbou?r|guardian|carer|caregiver|GP)"
)
_TITLED = re.compile(
    rf"\b{_TITLES}\s+((?:{_INITIAL}\s+)*{_WORD}(?:\s+(?:{_INITIAL}\s+)?{_WORD}){{0,2}})"
)
_LABELLED = re.compile(
    rf"\b(?i:{_LABELS})(?:\s+(?i:name|is|by|was|of))?(?:\s*[:,(]\s*|\s+)(?:{_TITLES}\s+)?"
    rf"({_WORD}(?:,?\s+(?:{_INITIAL}\s+)?{_WORD}){{0,2}})"
)
_ACTED = re.compile(
    r"\b(?:(?:[Ss]poke|[Tt]alked|[Dd]iscussed|[Ss]peaking) (?:to|with)|[Cc]alled|[Mm]et|[Ss]aw|"
    r"[Tt]old|[Aa]sked|[Ii]nformed|[Cc]ontacted|[Pp]aged|[Pp]honed|[Ii]nterviewed|[Nn]amed|"
    r"[Bb]y|[Ww]ith|[Ff]rom|[Tt]hanks?|[Dd]ear)"
    rf"\s+({_WORD}(?:\s+(?:{_INITIAL}\s+)?{_WORD}){{0,2}})"
)
_DID = re.compile(
    rf"\b({_WORD}(?:\s{_INITIAL})?\s{_WORD})\s(?:is|was|has|had|lives|came|presented|returned|called|"
    r"reports?|states?|denies|complains|underwent|gave|confirmed|can|will|did|does|tells|says|said)\b"
)
_LAST_FIRST = re.compile(rf"\b({_WORD}),\s+({_WORD})(?:\s+[A-Z]\b\.?)?")
_DEGREED = re.compile(
    rf"\b({_WORD}(?:\s+{_INITIAL})?(?:\s+{_WORD}){{0,2}}),?\s+(?:MD|DO|RN|NP|PA|PhD|M\.D\.|D\.O\.)(?!\w)"
)
_RUN = re.compile(rf"{_WORD}(?:\s(?:{_INITIAL}\s)?{_WORD}){{0,2}}")
_TOKEN = re.compile(_WORD)
# Given names that are words as well; with a capital before another capitalised word they are names.
_GIVEN_TEXT = """
Amber April Art Ashley August Austin Autumn Barry Basil Bill Brandy Brook Brooke Candy Carol Chad
Charity Chase Christian Christy Clay Colt Crystal Dale Daisy Dawn Dean Deb Destiny Dick Dirk Don
Drew Earl Eve Faith Faye Fern Ford Frank Gale Gary Gay Gene Gerald Ginger Glen Grace Grant Guy
Harry Hazel Heath Heather Henry Herb Holly Hope Hunter Iris Ivy Jack Jasmine Jay Jean Jenny Jersey
Jerry Jim Jimmy Joe John Josh Joy June Kay Ken Kerry Kim Kit Lane Laurel Lee Levi Lily Loren Louis
Mack Marcel Marina Mark Marsh Martin Matt Max May Melody Mercy Mike Miles Mitch Molly Nick Olive
Oliver Pansy Pat Patience Patsy Paul Peg Penny Pepper Perry Pete Peter Phil Pierce Poppy Prudence
Ray Reed Rich Rick Rob Robert Robin Rod Roger Roman Rose Rosemary Ruby Russell Rusty Sally Sandy
Savannah Scarlett Scot Scott Shelly Sherry Sierra Skip Sky Sonny Stacy Stella Sterling Sue Summer
Tad Taffy Tanner Ted Terry Tiffany Tim Timothy Toby Tom Tommy Tony Tracy Trey Tucker Tyler Ursula
Van Vernon Victor Victoria Violet Wade Walker Warren Wayne Wendy Will Willy Woody
"""
_GIVEN = frozenset(_GIVEN_TEXT.split())
# Eponyms, places of care, makes and abbreviations that stand with a capital and are no patient's.
_NOT_NAMES_TEXT = """
Adson Alzheimer Apgar Babinski Bovie Crohn Cushing Doppler Foley Gelfoam Glasgow Graves Hodgkin
Homans Kelly Kerlix Kocher Metzenbaum Monocryl Murphy Parkinson Penrose Prolene Romberg Steri
Strips Trendelenburg Vicryl Xeroform Betadine Marcaine Lidocaine English Chinese American African
Caucasian Hispanic Asian Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February
March April May June July August September October November December Doctor Nurse Patient Hospital
Clinic Department Emergency History Physical Tylenol Advil Lipitor Lasix Zofran Ativan Dilaudid
Demerol Versed Coumadin Plavix Synthroid Prilosec Norvasc Lopressor Ancef Keflex Levaquin Zosyn
Vancomycin Heparin Propofol Fentanyl Medrol Celebrex Vicodin Percocet Lortab Singulair Albuterol
Advair Zoloft Prozac Lexapro Xanax Ambien Decadron Celestone Klonopin Synvisc Duramorph Teflon
Esmarch Jamshidi Kerrison Kirschner Bankart Valsalva Kling Coban Webril Dermabond French Grade
"""
_NOT_NAMES = frozenset(_NOT_NAMES_TEXT.split())
# Endings of medical words, which hardly a name has, and what stands before a word to make another.
_MEDICAL = re.compile(
    r"(?:itis|osis|oses|ectomy|ectomies|[oi]tomy|[oi]tomies|ostomy|ostomies|plasty|plasties|scopy|"
    r"scopic|scopies|algia|pathy|pathic|pathies|[io]gram|graphy|graphic|ology|ologic|ological|"
    r"cephalic|reflexia|reflexic|cillin|platin|profen|azine|statin|olol|azole|mycin|cycline|dipine|"
    r"sartan|azepam|trophy|plegia|ptysis|pnea|rrhea|rrhage|toxin|genic|lysis|megaly|tropic|aminal|"
    r"tracheal|tion|ality|ular)s?$"
)
_BEFORE = re.compile(
    r"(?:anti|auto|allo|cardio|endo|extra|hyper|hypo|infra|inter|intra|meta|micro|multi|musculo|neo|"
    r"neuro|non|normo|osteo|para|peri|poly|post|pre|pseudo|retro|semi|sub|supra|thoraco|trans|tri)-?"
)
# Words that the dictionaries write with a capital too, or that begin a heading.
_NO_GIVEN_TEXT = """
The This That These Those There She He They We You Her His Our Its All Any Both Each Few Inside Into
Left Right Upper Lower None Not Now Small Some Superior Inferior Then Under Vital Current Mental
Family Round Hip Hand Ear Eye Nose Block Insurance Dear Release
"""
_NO_GIVEN = frozenset(_NO_GIVEN_TEXT.split())

_SURNAMES = (
    "邝南王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡"
    "贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷"
    "钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路"
    "岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲缪蒲干戎商敖荣奚姬应宗丰岑乐"
    "皮卞元湛臧计伏米贝狄闻党谈茅裘郁杭诸钮嵇滑荀羊於惠封芮储井富巫乌巴弓牧郗仲宫栾厉符束郜蓟"
    "印宿怀鄂索咸籍卓蔺屠蒙池胥莘贡劳扶冉宰郦雍桑濮寿燕冀浦农晏慕茹艾容古戈暨居衡步满匡国寇广"
    "阙沃利蔚隆师巩晁勾冷阚那简饶沙鞠巢蒯荆竺权盖桓帅佟成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单"
    "包司柏宁柯阮桂闵解强柴华车房边闫肖褚戚喻窦云郎昌凤酆廉滕邬穆禹明蓝麻娄危刁骆虞昝经宣贲吉"
    "羿汲邴糜松隗山宓蓬仰秋伊仇暴钭祖幸韶邰阴苍逄堵璩扈郏尚瞿连习宦鱼慎庾弘禄夔厍融訾养逯赫皇"
    "修付邸仝苟晋玄税佘楼粟麦冼练撒靖仉"
)
_COMPOUND = "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|端木"
# Characters of signs, organs and acts, which no given name has.
_CLINICAL = (
    "痰咳喘血压痛胀烧汗症状病史感染炎闷肺胸腹肿音诊治疗检查查体入住院热寒战促气泻吐呕尿便咯晕厥乏力者患岁男女性无有否"
    "认为因以不未已既往的了在是与及或并就均约示见时年月日号等度率率量次数服药术后前昨今周天急慢曾常于等色细胞"
)
_HAN = r"[\u4e00-\u9fff]"
_NAME_ZH = rf"((?:{_COMPOUND}|[{_SURNAMES}])(?:(?![{_CLINICAL}]){_HAN}){{1,2}}?)"
_ROLES = (
    "患者|患儿|病人|病员|姓名|家属|联系人|陪同|陪护|签名|签字|医师|医生|主任|护士|护士长|大夫|教授|主治|记录者|报告者|审核者?|"
    "妻子|丈夫|儿子|女儿|父亲|母亲|其[子女妻夫父母]|哥哥|姐姐|弟弟|妹妹|老伴|配偶"
)
_TITLES_ZH = (
    "(?:副?主任)?(?:医师|医生|护士长|护士|大夫|教授|主任|主治|老师|先生|女士|小姐|同志|老人|阿姨|"
    "大爷|奶奶)"
)
_AFTER_ZH = r"[，,。；;、\s）)（(：:/\n]|[男女系于诉称因自的签陪代告记会查]|\d|$"
# The second character may belong to the next word; then it is masked with the name.
_ROLE_ZH = re.compile(rf"(?:{_ROLES})(?:姓名)?\s*[:：（(为是]?\s*{_NAME_ZH.removesuffix('?)')})")
_NEAR_ZH = re.compile(rf"(?:由|经|请|嘱|与|向|询问)\s*{_NAME_ZH}(?={_AFTER_ZH}|{_TITLES_ZH})")
_LABEL_ZH = re.compile(rf"(?:{_ROLES})\s*[:：]\s*((?:{_COMPOUND}|[{_SURNAMES}]){_HAN}{{1,2}})")
_TITLE_ZH = re.compile(
    rf"(?:(?<![\u4e00-\u9fff])|(?<=[由经请嘱与向和及为]))?{_NAME_ZH}(?={_TITLES_ZH})"
)
_APPOSED_ZH = re.compile(rf"(?:^|[，,。；;\s（(]){_NAME_ZH}(?=[，,、\s]\s*(?:男|女|性别))")


def names_in(text: str) -> Iterator[tuple[int, int]]:
    """From where to where each name stands, in characters; they may overlap."""
    found = [*_english(text), *_chinese(text)]
    yield from found
    told = {text[start:end] for start, end in found}
    words = {w for name in told for w in _TOKEN.findall(name)}
    pieces = {w for w in words if len(w) > 2 and w.replace("-", "").isalpha() and _repeats(w)}
    whole = {name for name in told if re.fullmatch(rf"{_HAN}+", name)}
    yield from _again(text, pieces, whole)


def _again(text: str, pieces: set[str], whole: set[str]) -> Iterator[tuple[int, int]]:
    """Wherever one of many pieces, or of Chinese names, stands in the text, in one pass."""
    words = [m.span() for m in re.finditer(r"\w+", text)]
    for at, (start, end) in enumerate(words):
        for first, last in words[at : at + PARTS]:
            if first > start and text[end:first] != "-":
                break
            end = last
            if text[start:end] in pieces:
                yield start, end
    for length in {len(name) for name in whole}:
        for start in range(len(text) - length + 1):
            if text[start : start + length] in whole:
                yield start, start + length


def _english(text: str) -> list[tuple[int, int]]:
    found = [m.span(1) for m in _TITLED.finditer(text)]
    for pattern in (_LABELLED, _ACTED, _DID, _DEGREED):
        for m in pattern.finditer(text):
            words = _TOKEN.findall(m[1])
            if any(_unknown(w) or _is_given(w) for w in words) and not _shouted(m[1]):
                found.append(m.span(1))
    for m in _LAST_FIRST.finditer(text):
        if all(_unknown(w) or _is_given(w.title()) for w in m.groups()):
            found.append(m.span())
    for m in _RUN.finditer(text):
        found += _of_run(m)
    return found


def _of_run(run: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Names among capitalised words that follow each other."""
    words = [
        (m.start() + run.start(), m.end() + run.start(), m[0]) for m in _TOKEN.finditer(run[0])
    ]
    for at, (start, end, word) in enumerate(words):
        given = _is_given(word) and at + 1 < len(words)
        if not _unknown(word) and not (given and words[at + 1][2] not in _NOT_NAMES):
            continue
        last = end
        if at + 1 < len(words) and words[at + 1][2] not in _NOT_NAMES and not _shouted(word):
            last = words[at + 1][1]
        first = start
        if at and words[at - 1][2] not in _NOT_NAMES and _is_given(words[at - 1][2]):
            first = words[at - 1][0]
        yield first, last


def _chinese(text: str) -> list[tuple[int, int]]:
    patterns = (_ROLE_ZH, _NEAR_ZH, _LABEL_ZH, _TITLE_ZH, _APPOSED_ZH)
    return [m.span(1) for pattern in patterns for m in pattern.finditer(text)]


def _repeats(word: str) -> bool:
    """Whether a piece of a name is looked for in the rest of the note: no word, no abbreviation."""
    return not _is_word(word) and not (word.isupper() and len(word) < 5) and word not in _NOT_NAMES


def _shouted(words: str) -> bool:
    return words.isupper()


def _unknown(word: str) -> bool:
    """Whether a capitalised word is in no dictionary, so that it may name somebody."""
    if len(word) < 3 or word.isupper() or not word.replace("-", "").replace("'", "").isalpha():
        return False
    return word not in _NOT_NAMES and not _is_word(word) and not _MEDICAL.search(word)


def _is_given(word: str) -> bool:
    """Whether it is a given name that is a word as well."""
    if word in _NOT_NAMES or word in _NO_GIVEN:
        return False
    return word in _GIVEN or word in _dictionaries()[1]


def _is_word(word: str) -> bool:
    """Whether the dictionaries have it with a small letter, or one of its stems."""
    plain = word.lower().replace("’", "'").removesuffix("'s")
    stems = (plain, plain.removesuffix("s"), plain.removesuffix("es"), plain.removesuffix("d"),
             plain.removesuffix("ed"), plain.removesuffix("ing"), f"{plain.removesuffix('ing')}e",
             plain.removesuffix("ly"), f"{plain.removesuffix('ies')}y")  # fmt: skip
    words = _dictionaries()[0]
    if any(part in words for part in stems) or all(p in words for p in plain.split("-")):
        return True
    before = _BEFORE.match(plain)
    rest = plain[before.end() :] if before else ""
    return len(rest) > 4 and (rest in words or rest.removesuffix("s") in words)


@cache
def _dictionaries() -> tuple[frozenset[str], frozenset[str]]:
    """The words that two English dictionaries write with a small letter, and with a capital."""
    try:
        from english_words import get_english_words_set
    except ImportError as exc:
        raise ConfigError(sentence("privacy.extra")) from exc
    words = get_english_words_set(["web2", "gcide"])
    capital = (word for word in words if word[:1].isupper() and not word.isupper())
    return frozenset(w for w in words if w.islower()), frozenset(w for w in capital if len(w) > 2)
