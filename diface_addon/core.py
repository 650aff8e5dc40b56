"""Import the core: from beside this package in a checkout, from inside the extension in the built zip."""

from typing import TYPE_CHECKING

if __name__.count(".") > 1 and not TYPE_CHECKING:
    from .. import diface_core
    from ..diface_core import channels, errors, protocol, request_file, types, words
    from ..diface_core.directing import articulation_controls, direction, mood_controls
    from ..diface_core.directing.gaze import controls as gaze_controls
    from ..diface_core.directing.gaze import eye_response
    from ..diface_core.directing.gaze import geometry as gaze_geometry
    from ..diface_core.directing.gaze import target as gaze_target
    from ..diface_core.faces import head as head_file
    from ..diface_core.faces.flame import flame_model, identities, placement, recognition
    from ..diface_core.faces.poses import (
        displacements,
        known_poses,
        pose_channels,
        pose_set,
        shape_recognition,
        solve_poses,
    )
    from ..diface_core.faces.poses import perception as lip_perception
    from ..diface_core.motion import files as motion_files
    from ..diface_core.motion import head_angles, key_reduction, pc2, resample, warp
    from ..diface_core.recordings import align, placed, row_times, sound_timecode
    from ..diface_core.recordings import read as recording_files
    from ..diface_core.recordings import recording as recorded_face
    from ..diface_core.runtime import start_errors
    from ..diface_core.transcripts import read_transcript, spread_words
else:
    import diface_core
    from diface_core import channels, errors, protocol, request_file, types, words
    from diface_core.directing import articulation_controls, direction, mood_controls
    from diface_core.directing.gaze import controls as gaze_controls
    from diface_core.directing.gaze import eye_response
    from diface_core.directing.gaze import geometry as gaze_geometry
    from diface_core.directing.gaze import target as gaze_target
    from diface_core.faces import head as head_file
    from diface_core.faces.flame import flame_model, identities, placement, recognition
    from diface_core.faces.poses import (
        displacements,
        known_poses,
        pose_channels,
        pose_set,
        shape_recognition,
        solve_poses,
    )
    from diface_core.faces.poses import perception as lip_perception
    from diface_core.motion import files as motion_files
    from diface_core.motion import head_angles, key_reduction, pc2, resample, warp
    from diface_core.recordings import align, placed, row_times, sound_timecode
    from diface_core.recordings import read as recording_files
    from diface_core.recordings import recording as recorded_face
    from diface_core.runtime import start_errors
    from diface_core.transcripts import read_transcript, spread_words

__all__ = [
    "align",
    "articulation_controls",
    "channels",
    "diface_core",
    "direction",
    "displacements",
    "errors",
    "eye_response",
    "flame_model",
    "gaze_controls",
    "gaze_geometry",
    "gaze_target",
    "head_angles",
    "head_file",
    "identities",
    "key_reduction",
    "known_poses",
    "lip_perception",
    "mood_controls",
    "motion_files",
    "pc2",
    "placed",
    "placement",
    "pose_channels",
    "pose_set",
    "protocol",
    "read_transcript",
    "recognition",
    "recorded_face",
    "recording_files",
    "request_file",
    "resample",
    "row_times",
    "shape_recognition",
    "solve_poses",
    "sound_timecode",
    "spread_words",
    "start_errors",
    "types",
    "warp",
    "words",
]
