"""What the signs of a chest illness are called in notes, in English and in Chinese.

``*_CHILD`` are the names that take the place of a sign's others in a child's note.
"""

from __future__ import annotations

__all__ = ["CHINESE", "CHINESE_CHILD", "ENGLISH", "ENGLISH_CHILD", "Names"]

Names = dict[str, tuple[str, ...]]  # sign -> its names

ENGLISH: Names = {
    "fever": ("fever", "pyrexia", "high temperature", "a temperature", "fevers"),
    "cough": ("cough", "coughing", "a cough", "persistent cough", "coughing spells"),
    "sputum": ("sputum", "phlegm", "yellow sputum", "green phlegm", "sputum production"),
    "dyspnoea": (
        "dyspnoea",
        "dyspnea",
        "SOB",
        "shortness of breath",
        "breathlessness",
        "SOBOE",
    ),
    "chest_pain": (
        "pleuritic chest pain",
        "chest pain on breathing in",
        "chest pain",
        "sharp chest pain",
        "pain in the chest when breathing deeply",
    ),
    "chills": ("chills", "rigors", "shivering", "shaking chills"),
    "sweats": ("night sweats", "sweats", "sweating at night", "drenching sweats"),
    "poor_appetite": ("poor appetite", "loss of appetite", "anorexia", "reduced oral intake"),
    "fatigue": ("fatigue", "tiredness", "malaise", "lethargy", "weakness"),
    "confusion": ("confusion", "disorientation", "new confusion", "drowsiness"),
    "sore_throat": ("sore throat", "throat pain", "pain on swallowing"),
    "runny_nose": ("runny nose", "rhinorrhoea", "nasal congestion", "coryza", "blocked nose"),
    "vomiting": ("vomiting", "emesis", "vomits", "vomiting after feeds"),
    "tachypnoea": ("tachypnoea", "tachypnea", "fast breathing", "rapid breathing"),
    "tachycardia": ("tachycardia", "rapid pulse", "fast heart rate"),
    "low_oxygen": (
        "hypoxia",
        "desaturation",
        "low saturations",
        "hypoxaemia",
        "O2 requirement",
    ),
    "crackles": ("crackles", "crepitations", "rales", "creps", "inspiratory crackles"),
    "bronchial_breathing": (
        "bronchial breathing",
        "bronchial breath sounds",
        "tubular breathing",
    ),
    "dullness": ("dullness to percussion", "dull percussion note", "percussion dullness"),
    "egophony": ("egophony", "aegophony", "E-to-A change", "increased vocal resonance"),
    "wheeze": ("wheeze", "wheezing", "expiratory wheeze", "audible wheeze"),
    "work_of_breathing": (
        "nasal flaring",
        "grunting",
        "chest retractions",
        "subcostal recession",
        "intercostal recession",
        "increased work of breathing",
    ),
}

ENGLISH_CHILD: Names = {
    "poor_appetite": ("poor feeding", "feeding poorly", "refusing feeds", "reduced feeding"),
    "fatigue": ("irritability", "lethargy", "floppiness", "clinginess", "sleepiness"),
}

CHINESE: Names = {
    "fever": ("发热", "发烧", "高热", "体温升高"),
    "cough": ("咳嗽", "阵发性咳嗽", "持续咳嗽", "咳嗽症状"),
    "sputum": ("咳痰", "黄痰", "咳黄白痰", "痰多"),
    "dyspnoea": ("气促", "呼吸困难", "气短", "活动后气促", "胸闷气短"),
    "chest_pain": ("胸痛", "吸气时胸痛", "胸膜性胸痛", "深呼吸时胸部刺痛"),
    "chills": ("寒战", "畏寒", "畏寒寒战", "发冷"),
    "sweats": ("盗汗", "夜间出汗", "大汗"),
    "poor_appetite": ("食欲减退", "纳差", "胃口差", "进食减少"),
    "fatigue": ("乏力", "全身乏力", "疲倦", "精神差"),
    "confusion": ("意识模糊", "嗜睡", "定向障碍"),
    "sore_throat": ("咽痛", "咽喉痛", "吞咽痛"),
    "runny_nose": ("流涕", "鼻塞", "流清涕", "鼻塞流涕"),
    "vomiting": ("呕吐", "恶心呕吐", "进食后呕吐"),
    "tachypnoea": ("呼吸急促", "呼吸增快", "呼吸频率快"),
    "tachycardia": ("心动过速", "心率增快", "脉搏快"),
    "low_oxygen": ("低氧", "血氧下降", "氧饱和度低", "低氧血症"),
    "crackles": ("湿啰音", "细湿啰音", "捻发音", "湿性啰音", "水泡音"),
    "bronchial_breathing": ("支气管呼吸音", "管状呼吸音"),
    "dullness": ("叩诊浊音", "叩诊呈浊音", "浊音"),
    "egophony": ("羊鸣音", "语音共振增强", "语颤增强"),
    "wheeze": ("哮鸣音", "喘息", "喘鸣音"),
    "work_of_breathing": ("鼻翼扇动", "三凹征", "呻吟", "吸气性凹陷", "呼吸费力"),
}

CHINESE_CHILD: Names = {
    "poor_appetite": ("纳差", "吃奶减少", "拒食", "进食差"),
    "fatigue": ("烦躁", "精神萎靡", "嗜睡", "哭闹"),
}
