"""Exports become posts: what a row sums up, what it says of a creator, what is left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.fit.campaigns import fit_conversion
from sim.fit.reading import FitError, Posts, read_posts


def read(tmp_path: Path, text: str, name: str = "export.csv", **how: str) -> Posts:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    platform = how.pop("platform", None)
    return read_posts(path, columns=how, platform=platform)


def test_german_spreadsheet_with_byte_order_mark(tmp_path: Path) -> None:
    text = "\ufeffAccount;Follower Count;Engagement Rate\nana;12.500;3,86 %\nben;1,2M;\nciu;45.000;2 %\n"
    posts = read(tmp_path, text)
    assert posts.followers.tolist() == [12_500, 45_000]
    assert posts.engagements == pytest.approx([0.0386 * 12_500, 900])
    assert any("1 rows without views" in note for note in posts.notes)
    assert posts.read == "read: Account → creator; Follower Count → followers; Engagement Rate"


def test_posts_divide_no_rate(tmp_path: Path) -> None:
    """A rate is a mean already: engagements of the row are rate x followers x posts."""
    posts = read(tmp_path, "handle,fans,er,posts\nkim,30000,2.5 %,8\nlou,20000,1.5 %,1\n")
    assert posts.engagements / posts.posts / posts.followers == pytest.approx([0.025, 0.015])
    assert posts.posts.tolist() == [8, 1]
    assert any("means per post" in note for note in posts.notes)


def test_posts_divide_sums_and_no_means(tmp_path: Path) -> None:
    posts = read(tmp_path, "handle,fans,likes,avg. views,posts\nkim,30000,800,5000,8\n")
    assert posts.engagements / posts.posts == pytest.approx([100])
    assert posts.views / posts.posts == pytest.approx([5000])


def test_one_of_engagements_and_rates_is_read(tmp_path: Path) -> None:
    posts = read(tmp_path, "handle,fans,likes,comments,er\nkim,30000,800,20,5 %\n")
    assert posts.engagements.tolist() == [820]
    assert any("engagement rates are not read" in note for note in posts.notes)


def test_columns_of_other_names_are_mapped(tmp_path: Path) -> None:
    text = "Wer,Anhang,Abrufe\nx,10000,500\ny,20000,700\n"
    with pytest.raises(FitError, match="no column of followers") as raised:
        read(tmp_path, text, "tiktok_export.csv")
    assert "not read: Wer, Anhang, Abrufe" in str(raised.value)
    posts = read(
        tmp_path, text, "tiktok_export.csv", followers="Anhang", views="abrufe", creator="Wer"
    )
    assert posts.views.tolist() == [500, 700]
    assert set(posts.platform) == {"tiktok"}  # from the file's name


def test_tracked_orders_are_a_share_of_all(tmp_path: Path) -> None:
    """Conversion counts all orders: what codes see is divided by the share that they see."""
    rng = np.random.default_rng(3)
    likes = rng.integers(300, 900, 40)
    orders = rng.poisson(0.03 * likes)
    rows = "".join(
        f"c{i},20000,{a},{b}\n" for i, (a, b) in enumerate(zip(likes, orders, strict=True))
    )
    tracked = read(tmp_path, "handle,fans,likes,sales\n" + rows)
    everything = read(tmp_path, "handle,fans,likes,sales\n" + rows, orders="sales")
    assert tracked.tracked
    assert not everything.tracked
    found = [fit_conversion(posts, 0.5) for posts in (tracked, everything)]
    assert found[0].estimates[0].value == pytest.approx(2 * found[1].estimates[0].value, rel=1e-3)
    assert "of them tracked as packaged" in found[0].law


@pytest.mark.parametrize(
    ("text", "columns", "problem"),
    [
        ("followers,likes\n1000,five\n", {}, "line 2, likes: 'five' is no number"),
        ("followers,likes\n", {}, "has no rows below its header"),
        ("followers,colour\n1000,red\n", {}, "no column of views, engagements"),
        ("fans,likes\n1000,5\n", {"followers": "fan"}, "no such column; did you mean 'fans'"),
        ("fans,likes\n1000,5\n", {"fans": "likes"}, "--map fans=...: is no column that is read"),
        ("followers,likes\n0,5\n,7\n", {}, "no row has followers and views"),
    ],
)
def test_faults_name_line_and_column(
    tmp_path: Path, text: str, columns: dict[str, str], problem: str
) -> None:
    with pytest.raises(FitError) as raised:
        read(tmp_path, text, **columns)
    assert problem in str(raised.value)
    assert all(str(tmp_path) in line for line in str(raised.value).splitlines())


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FitError, match="cannot be read: No such file"):
        read_posts(tmp_path / "nowhere.csv")


def test_rows_without_a_creator_are_creators_of_their_own(tmp_path: Path) -> None:
    posts = read(tmp_path, "creator,followers,likes\na,1000,5\n,1000,6\n,1000,7\na,1000,8\n")
    assert np.bincount(posts.creator).tolist() in ([1, 1, 2], [2, 1, 1], [1, 2, 1])


def test_rows_of_one_creator_share_an_identity(tmp_path: Path) -> None:
    posts = read(tmp_path, "creator_id,followers,likes\n7,1000,5\n7,1000,6\n9,1000,7\n")
    assert posts.creator.tolist() == [0, 0, 1]
