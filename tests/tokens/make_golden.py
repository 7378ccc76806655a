"""Writes tests/tokens/golden.bin: what Hugging Face `tokenizers` makes of many texts and id lists.

Run with tokenizers 0.20 installed: python tests/tokens/make_golden.py
All numbers are LEB128. The file is
  text count, then for each: unit length, unit (UTF-8), repeats, id count, ids (of the unit that often);
  list count, then for each: id count, ids, text length, text (special tokens left out).
"""
import pathlib
import random
import unicodedata

from tokenizers import Tokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXTS, LISTS = 10_500, 2_000

# Engines disagree on characters younger than their tables: draw from Unicode 14.
assert unicodedata.unidata_version == "14.0.0", unicodedata.unidata_version
ASSIGNED = [c for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
SMALL = [c for c in ASSIGNED if c < 0x3000]
MARKS = [c for c in ASSIGNED if unicodedata.category(chr(c)).startswith("M")]
DIGITS = [c for c in ASSIGNED if unicodedata.category(chr(c)).startswith("N")]
BLANKS = [c for c in ASSIGNED if chr(c).isspace()] + [0x180E, 0x200B, 0xFEFF]
EMOJI = list(range(0x1F300, 0x1F650)) + [0x200D, 0xFE0F, 0x1F3FB, 0x1F1E9, 0x1F1EA, 0x20E3]
WORDS = ("how many red circles are there in the picture ? I'm we'll THEY'VE it's don't 12 345 6789 "
         "<SUMMARY> </SUMMARY> <CAPTION> <REASONING> The answer is . , - + = ( ) \n \n\n \r\n \t ' 's 'S 'll").split(" ")

HARD = [
    "", " ", "  ", "\n", "\r\n", "\r\n\r\n", " \n \n ", "a\n", "a \n b", "\t\tx", "   leading", "trailing   ",
    "caf\u00e9 cafe\u0301", "\u0301", "a\u0301\u0301\u0301b", "\u1112\u1161\u11ab", "\ud55c", "1", "12", "123", "1234", "1234567890",
    "\u0663\u0664\u0665\u0666", "\u00bd\u2167\u00b2", "it'\u017f", "IT'\u017f it's IT'S it'\u017fs", "'\u017f\u017f", "we'\u212aa",
    "\u180e", "a\u180eb", "1\u180e2", " \u180e ", "\u180e\n\u180e", "\u180e\u180ex", "\u0085x", "a\u00a0b", "\u2028\u2029", "\u3000x",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd!!", "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", "#\ufe0f\u20e3",
    "<|begin_of_text|>", "<|eot_id|>", "x<|image|>y", "<|start_header_id|>system<|end_header_id|>\n\nObey.<|eot_id|>",
    "<|reserved_special_token_0|>", "<|image|", "\ufffd", "\x00", "\x00\x01\x7f", "\u0120the", "\u010a", "\uffff\ufffe",
    "\U0010ffff", "\u202eabc", "''''''", "'s't're've'm'll'd", "'S'T'RE'VE'M'LL'D", "!!!\n\n\nx", " ?\r\n?", "...  ...   ...",
]
LONG = [("a", 100_000), ("abcdefghij", 10_000), ("\u00e9", 10_000), ("the", 5_000), ("x\u0301", 5_000), (" ", 100_000),
        ("\n", 100_000), (" \n", 20_000), ("7", 5_000), ("!", 100_000), ("\U0001f600", 5_000), (" a", 5_000)]


def random_text(rng):
    kind = rng.randrange(8)
    length = rng.randrange(1, 25)
    if kind == 0:
        return "".join(chr(rng.choice(ASSIGNED)) for _ in range(length))
    if kind == 1:
        return "".join(chr(rng.choice(SMALL)) for _ in range(length))
    if kind == 2:
        return "".join(rng.choice(WORDS) + rng.choice(["", " ", " ", "  "]) for _ in range(length // 2 + 1))
    if kind == 3:
        return "".join(chr(rng.randrange(32, 127)) for _ in range(length))
    pools = [BLANKS, DIGITS, MARKS, EMOJI, [ord(c) for c in "'stSTrRvVlLmMdD\u017f"], [10, 13, 32], range(97, 123), SMALL]
    pools = rng.sample(pools, rng.randrange(1, 5))
    return "".join(chr(rng.choice(rng.choice(pools))) for _ in range(length))


def long_word(rng):
    return "".join(rng.choice("etaoinshrdlucmfwypvbgkqjxz") for _ in range(100_000))


def number(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def numbers(values):
    return number(len(values)) + b"".join(map(number, values))


def string(text):
    data = text.encode()
    return number(len(data)) + data


def main():
    rng = random.Random(20241115)
    tokenizer = Tokenizer.from_file(str(ROOT / "models/reference/tokenizer.json"))
    tokenizer.encode_special_tokens = True
    cases = [(text, 1) for text in HARD] + LONG + [(long_word(rng), 1)] + [(random_text(rng), 1) for _ in range(TEXTS)]
    out = [number(len(cases))]
    for unit, repeats in cases:
        ids = tokenizer.encode(unit * repeats, add_special_tokens=False).ids
        out += [string(unit), number(repeats), numbers(ids)]
    out.append(number(LISTS))
    for _ in range(LISTS):
        ids = [rng.randrange(tokenizer.get_vocab_size()) for _ in range(rng.randrange(30))]
        out += [numbers(ids), string(tokenizer.decode(ids, skip_special_tokens=True))]
    path = pathlib.Path(__file__).with_name("golden.bin")
    path.write_bytes(b"".join(out))
    print(path, path.stat().st_size, "bytes,", len(cases), "texts,", LISTS, "lists")


if __name__ == "__main__":
    main()
