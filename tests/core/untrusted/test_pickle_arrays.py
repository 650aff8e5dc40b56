"""Arrays from untrusted pickles: every encoding is read, and anything else is refused before it is called."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from diface_core.errors import ModelError
from diface_core.untrusted.pickle_arrays import load_npy, load_npz, load_pickle, unpickle
from tests.core.faces.flame import flame_files

ARRAYS = {
    "float": np.arange(24.0).reshape(2, 3, 4),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big endian": np.arange(5).astype(">f4"),
    "none": np.zeros((0, 3)),
    "no axis": np.array(7),
    "flags": np.arange(4) > 1,
    "texts": np.array(["a", "bc"]),
    "matrix": np.asmatrix(np.eye(2)),
    "number": np.float32(3.5),
}
SPARSE = scipy.sparse.random(5, 60, 0.1, random_state=0)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ARRAYS)
def test_array_round_trip(name, protocol):
    array = ARRAYS[name]
    got = unpickle(pickle.dumps({"a": [array], "b": (array, "text")}, protocol=protocol))
    for found in (got["a"][0], got["b"][0]):
        assert found.shape == array.shape
        assert found.dtype == array.dtype.newbyteorder("=")
        assert np.array_equal(found, array)
    assert got["b"][1] == "text"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", ["csc_matrix", "csr_matrix", "coo_matrix", "csc_array", "csr_array", "coo_array"])
def test_sparse_matrix_becomes_dense(kind, protocol):
    matrix = getattr(scipy.sparse, kind)(SPARSE)
    np.testing.assert_array_equal(unpickle(pickle.dumps(matrix, protocol=protocol)), SPARSE.toarray())


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_chumpy_arrays_are_read_without_chumpy(monkeypatch, protocol):
    chumpy = flame_files.chumpy(monkeypatch)
    whole = chumpy.ch.Ch(np.arange(12.0).reshape(4, 3))
    some = chumpy.reordering.Select(whole, np.array([0, 1, 3, 4]), (2, 2))
    content = pickle.dumps({"all": whole, "some": some}, protocol=protocol)
    refused = pickle.dumps(chumpy.ch_ops.Add(np.ones(2)), protocol=protocol)
    for name in ("chumpy", "chumpy.ch", "chumpy.reordering", "chumpy.ch_ops"):
        monkeypatch.setitem(sys.modules, name, None)
    got = unpickle(content)
    np.testing.assert_array_equal(got["all"], np.arange(12.0).reshape(4, 3))
    np.testing.assert_array_equal(got["some"], [[0, 1], [3, 4]])
    with pytest.raises(pickle.UnpicklingError, match=r"chumpy\.ch_ops\.Add, which is not an array"):
        unpickle(refused)


def test_duplicate_sparse_entries_are_summed():
    twice = scipy.sparse.coo_matrix(([1.0, 2.0, 4.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    np.testing.assert_array_equal(unpickle(pickle.dumps(twice)), twice.toarray())


@pytest.mark.parametrize("name", ["float", "fortran", "big endian", "flags"])
def test_pickles_of_python_2_are_read(name):
    content = flame_files.python_2({"a": ARRAYS[name], "style": "lbs"})
    assert b"cnumpy.core.multiarray" in content or b"cnumpy._core.multiarray" in content
    got = unpickle(content)
    assert got["style"] == "lbs"
    np.testing.assert_array_equal(got["a"], ARRAYS[name])


def test_unpickler_needs_neither_scipy_nor_chumpy(tmp_path):
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(scipy.sparse.csc_matrix(SPARSE)))
    code = (
        "import sys; sys.modules['scipy'] = sys.modules['chumpy'] = None\n"
        "from diface_core.untrusted.pickle_arrays import unpickle\n"
        "print(unpickle(open(sys.argv[1], 'rb').read()).shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "m.pkl")],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "(5, 60)", done.stderr


class Calls:
    """Pickles as a call of any function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def harmful(touched: Path) -> dict[str, object]:
    """Objects that write a file when pickle.loads reads them."""
    return {
        "os.system": Calls(os.system, f"touch {touched}"),
        "eval": Calls(eval, f"__import__('pathlib').Path({str(touched)!r}).touch()"),
        "a method": Calls(Path.touch, touched),
        "in an object array": np.array([Calls(os.system, f"touch {touched}")], object),
        "in a dictionary's key": {(Calls(os.system, f"touch {touched}"),): 1},
    }


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("name", harmful(Path("x")))
def test_pickle_that_calls_something_is_refused_before_it_does(tmp_path, name, protocol):
    touched = tmp_path / "touched"
    content = pickle.dumps({"v_template": harmful(touched)[name]}, protocol=protocol)
    path = tmp_path / "file.pkl"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not an array") as refused:
        load_pickle(path, "Take another.")
    assert refused.value.hint == "Take another."
    assert not touched.exists()
    pickle.loads(content)  # without protection the call happens
    assert touched.exists()


@pytest.mark.parametrize(
    "content",
    {
        "changes a function": b"cnumpy.core.multiarray\n_reconstruct\n(N}S'__doc__'\nS'x'\nstb.",
        "changes a class": b"cnumpy\nndarray\n(N}S'plain'\nNstb.",
        "makes what is no array": b"ccopy_reg\n_reconstructor\n(c__builtin__\nset\nc__builtin__\nobject\nNtR.",
        "an extension's number": b"\x82\x01.",
        "something outside": b"Pfile\n.",
        "a module's inside": b"cnumpy\nlib.npyio.DataSource\n.",
        "a huge memo": b"\x80\x02Nr\xff\xff\xff\xff0\x80\x02",
        "a huge bytearray": b"\x80\x05\x96\x00\x00\x00\x00\x00\x01\x00\x00.",
        "a type alone": pickle.dumps(np.dtype("f8")),
        "a record": pickle.dumps(np.zeros(2, [("a", "f8"), ("b", "O")])),
        "dates": pickle.dumps(np.zeros(2, "M8[s]")),
    }.items(),
    ids=lambda item: item[0],
)
def test_malicious_pickles_are_refused(content, tmp_path):
    (tmp_path / "f.pkl").write_bytes(content[1])
    with pytest.raises(ModelError, match="is not a pickle of arrays"):
        load_pickle(tmp_path / "f.pkl", "")


def test_arrays_with_a_false_size_are_refused():
    honest = pickle.dumps(np.arange(6, dtype=np.int64), protocol=2)
    for lie in (b"K\x05\x85", b"K\x07\x85", b"J\xff\xff\xff\x7f\x85"):
        with pytest.raises(pickle.UnpicklingError, match="bytes"):
            unpickle(honest.replace(b"K\x06\x85", lie))
    sparse = scipy.sparse.csc_matrix(([1.0], ([0], [1])), shape=(2, 2))
    sparse._shape = (10**6, 10**6)
    with pytest.raises(pickle.UnpicklingError, match="sparse"):
        unpickle(pickle.dumps(sparse))


def test_nested_lists_take_linear_time():
    nested: object = []
    for _ in range(60):
        nested = [nested, nested]
    assert isinstance(unpickle(pickle.dumps(nested)), list)
    itself: list[object] = []
    itself.append(itself)
    assert unpickle(pickle.dumps(itself)) == [None]


@settings(max_examples=150)
@given(data=st.data())
def test_damaged_file_is_a_model_error(tmp_path_factory, data):
    whole = pickle.dumps(
        {"a": np.arange(12.0), "b": scipy.sparse.csc_matrix(SPARSE)}, protocol=data.draw(st.integers(0, 5))
    )
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "f.pkl"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with suppress(ModelError):
        load_pickle(path, "")


def test_missing_file_is_a_model_error(tmp_path):
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        load_pickle(tmp_path / "none.pkl", "")


def test_npy_and_npz_with_pickled_objects_are_read(tmp_path):
    performance = {"vertice": np.ones((4, 6), np.float32), "pose": np.zeros((4, 3))}
    np.save(tmp_path / "p.npy", performance)
    got = load_npy(tmp_path / "p.npy", "")
    assert set(got) == set(performance)
    np.testing.assert_array_equal(got["vertice"], performance["vertice"])
    np.save(tmp_path / "a.npy", performance["pose"])
    np.testing.assert_array_equal(load_npy(tmp_path / "a.npy", ""), performance["pose"])

    np.savez(tmp_path / "m.npz", J_regressor=scipy.sparse.csc_matrix(SPARSE), f=np.arange(3))
    held = load_npz(tmp_path / "m.npz", "")
    np.testing.assert_array_equal(held["J_regressor"], SPARSE.toarray())
    np.testing.assert_array_equal(held["f"], np.arange(3))


def test_malicious_pickles_in_npy_and_npz_are_refused(tmp_path):
    touched = tmp_path / "touched"
    call = np.array([Calls(os.system, f"touch {touched}")], object)
    np.save(tmp_path / "h.npy", call, allow_pickle=True)
    np.savez(tmp_path / "h.npz", v_template=call)
    for load, name in ((load_npy, "h.npy"), (load_npz, "h.npz")):
        with pytest.raises(ModelError, match="not an array"):
            load(tmp_path / name, "")
    assert not touched.exists()


@pytest.mark.parametrize("cut", [0, 5, 60, 100])
def test_truncated_npy_and_npz_are_model_errors(tmp_path, cut):
    np.save(tmp_path / "a.npy", np.arange(100.0))
    np.savez(tmp_path / "a.npz", a=np.arange(100.0))
    for load, name in ((load_npy, "a.npy"), (load_npz, "a.npz")):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:cut])
        with pytest.raises(ModelError, match="is not an"):
            load(path, "")
