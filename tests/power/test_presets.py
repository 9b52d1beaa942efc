"""The presets and the numbers that set them apart."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from evtui import config
from evtui.power import PRESETS, CcsSession, FirstOrder, Slew, preset


def test_there_are_four_presets_in_the_order_in_which_one_steps_through_them() -> None:
    assert (*PRESETS,) == config.PRESETS
    assert all(preset(name).name == name for name in PRESETS)


def test_an_unknown_preset_is_refused_with_its_name_and_the_choices() -> None:
    with pytest.raises(ValueError, match="'turbo'; choose from seed, dc, ccs, ac"):
        preset("turbo")


def test_ratings_are_200_a_for_dc_offering_100_and_32_a_for_ac() -> None:
    ratings = {name: (p.rated_current, p.default_limit) for name, p in PRESETS.items()}
    dc = (200.0, 100.0)
    assert ratings == {"seed": dc, "dc": dc, "ccs": dc, "ac": (32.0, 32.0)}


def test_ramps_are_those_of_the_stations_they_stand_for() -> None:
    assert preset("seed").ramp == FirstOrder(share=0.2, period=0.1)
    assert preset("dc").ramp == preset("ccs").ramp == Slew(rise=25.0, fall=100.0)


def test_only_ccs_has_a_session_and_only_ac_has_mains() -> None:
    assert [name for name, p in PRESETS.items() if p.session] == ["ccs"]
    assert [name for name, p in PRESETS.items() if p.ac] == ["ac"]


def test_impossible_presets_are_refused() -> None:
    with pytest.raises(ValueError, match="rated_current"):
        replace(preset("dc"), rated_current=0.0)
    with pytest.raises(ValueError, match="default_limit"):
        replace(preset("dc"), default_limit=-1.0)
    with pytest.raises(ValueError, match="patience"):
        CcsSession(patience=0)
    with pytest.raises(ValueError, match="cable_check"):
        CcsSession(cable_check=-1.0)
