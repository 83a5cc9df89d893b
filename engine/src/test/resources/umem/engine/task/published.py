"""Writes the Parquet files of ParquetTasksTest: the schema that the published training code reads, and one file a
fault.

    pip install pyarrow==26.0.1 && python published.py
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

TEXTS = pa.list_(pa.string())
SCHEMA = pa.schema([
    ("data_source", pa.string()),
    ("prompt", pa.list_(pa.struct([("content", pa.string()), ("role", pa.string())]))),
    ("reward_model", pa.struct([("ground_truth", pa.string()), ("style", pa.string())])),
    ("extra_info", pa.struct([
        ("question", pa.string()),
        ("choices", TEXTS),
        ("similar_queries", TEXTS),
        ("similar_choices", pa.list_(TEXTS)),
        ("similar_gt", TEXTS),
    ])),
])


def row(question, choices, truth, source="mmlu"):
    return {
        "data_source": source,
        "prompt": [{"role": "user", "content": question}] if question else [],
        "reward_model": {"style": "rule", "ground_truth": truth},
        "extra_info": {
            "question": question,
            "choices": choices,
            "similar_queries": ["Which gas do plants take in?"],
            "similar_choices": [["oxygen", "carbon dioxide"]],
            "similar_gt": ["1"],
        },
    }


def write(name, rows, compression="gzip", schema=SCHEMA):
    pq.write_table(pa.Table.from_pylist(rows, schema), Path(__file__).with_name(name), compression=compression)


GOOD = [
    row("Which planet is nearest to the sun?", ["Venus", "Mercury", "Mars", "Earth"], "1"),
    row("Wie heißt die Hauptstadt von Österreich? 🏔", ["Graz", "Linz", "Wien", "Salzburg"], "C"),
    row("What is 6 times 7?", [], "42", "gsm8k"),
    row("What is half of 1?", None, "\\frac{1}{2}", None),
]

write("published.parquet", GOOD)
write("uncompressed.parquet", GOOD, "none")
write("snappy.parquet", GOOD[:1], "snappy")
write("no-truth.parquet", [GOOD[0], row("Is there an answer?", ["yes", "no"], None)])
write("out-of-range.parquet", [GOOD[0], GOOD[2], row("Which one?", ["this", "that"], "2")])
write("no-rows.parquet", [])
write("other-columns.parquet", [{"question": "Why?", "answer": "because"}],
      schema=pa.schema([("question", pa.string()), ("answer", pa.string())]))
write("numbers.parquet", [{"data_source": "mmlu", "reward_model": {"ground_truth": 1},
                           "extra_info": {"question": "Which?", "choices": ["a", "b"]}}],
      schema=pa.schema([("data_source", pa.string()), ("reward_model", pa.struct([("ground_truth", pa.int64())])),
                        ("extra_info", pa.struct([("question", pa.string()), ("choices", TEXTS)]))]))
