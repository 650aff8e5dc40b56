"""Rows of some benchmarks in the page of all."""

import argparse

import pytest

from tools.build.commands import bench
from tools.build.console import BuildError


def test_rows_of_other_benchmarks_stay(tmp_path):
    page = tmp_path / "speed.md"
    bench._write_table(page, ["| one | 1 ms | 2 ms |\n", "| two | 2 ms | |\n"])
    replaced = bench._replaced(page, ["| two | 3 ms | |\n", "| three | 4 ms | |\n"])
    assert replaced == ["| one | 1 ms | 2 ms |\n", "| two | 3 ms | |\n", "| three | 4 ms | |\n"]
    bench._write_table(page, replaced)
    assert bench._replaced(page, []) == replaced


def test_unknown_benchmark_is_refused():
    with pytest.raises(BuildError, match="No such benchmark: nothing"):
        bench.run(argparse.Namespace(names=["nothing"]))


def test_benchmarks_have_different_names():
    assert {"start", "live", "worker", "threediface"} <= set(bench._scripts())
