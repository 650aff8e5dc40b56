"""Import Recording: a recorded face as a take."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ...core import errors
from ...jobs import edit, running_job
from ...jobs.recordings import choices, gaps, import_recording
from ..base.modal_job import ModalJobOperator

EXTENSIONS = (".csv", ".json", ".npz")
OPTIONS = {"HIDDEN", "SKIP_SAVE"}


class DIFACE_OT_import_recording(ModalJobOperator, ImportHelper, bpy.types.Operator):
    """Import a recorded face as a take: of Live Link Face or MediaPipe (.csv), Audio2Face (.json), DiFACE (.npz)"""

    bl_idname = "diface.import_recording"
    bl_label = "Import Recording"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(default=";".join(f"*{suffix}" for suffix in EXTENSIONS), options={"HIDDEN"})
    # SKIP_SAVE, as dropped files need it: the path of an earlier call must not look like one that was dropped.
    filepath: bpy.props.StringProperty(name="File", subtype="FILE_PATH", options=OPTIONS)
    line_up: bpy.props.EnumProperty(
        name="Line Up",
        description="Where the recording begins",
        items=(
            ("SOUND", "By Sound", "Where its lips follow the chosen sound; at the playhead if there is no sound"),
            ("TIMECODE", "By Timecode", "By the timecodes of the recording and of the sound"),
            ("PLAYHEAD", "Playhead", "At the current frame"),
        ),
        options=OPTIONS,
    )
    timecode: bpy.props.StringProperty(
        name="Timecode",
        description="Timecode of the first frame of the sound, or of the scene without a sound, such as 10:00:00:00. "
        "Empty: as the sound file says (Broadcast Wave)",
        options=OPTIONS,
    )
    rows_per_second: bpy.props.FloatProperty(
        name="Rows per Second",
        description="Rate of the recording, if its file says it wrongly or not at all. 0: by its own times",
        min=0,
        max=1000,
        options=OPTIONS,
    )
    center_head: bpy.props.BoolProperty(
        name="Center Head",
        description="Make the head's rotation relative to its mean, whatever the angle of the camera was",
        options=OPTIONS,
    )
    fill_gaps: bpy.props.BoolProperty(
        name="Fill Gaps",
        description="Regenerate the frames in which tracking was lost from the sound, as a second take",
        default=True,
        options=OPTIONS,
    )

    _is_browsing = False

    @classmethod
    def check_ready(cls, context: bpy.types.Context) -> None:
        import_recording.check_can_import(context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if self.filepath:  # of a file that was dropped or chosen
            return ModalJobOperator.invoke(self, context, event)
        self._is_browsing = True
        return ImportHelper.invoke(self, context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if self._is_browsing and not bpy.app.background:
            self._start_again()  # in the background, which an operator of the file browser cannot work in
            return {"CANCELLED"}
        return super().execute(context)

    def begin(self, context: bpy.types.Context) -> running_job.RunningJob:
        if not self.filepath:
            raise errors.SceneError("No file is chosen.", "Choose a recording in the file browser.")
        chosen = choices.ImportChoices(
            Path(bpy.path.abspath(self.filepath)).absolute(),
            self.line_up,
            self.timecode.strip(),
            self.rows_per_second,
            self.center_head,
            self.fill_gaps,
        )
        return import_recording.begin(context, chosen)

    def begin_next(self, previous: running_job.RunningJob) -> running_job.RunningJob | None:
        if not isinstance(previous, import_recording.ImportJob) or not previous.fills_gaps:
            return None
        previous.end()
        return edit.begin(bpy.context, gaps.plan_fill)


class DIFACE_PT_import_recording(bpy.types.Panel):
    """Options of Import Recording in the file browser"""

    bl_space_type = "FILE_BROWSER"
    bl_region_type = "TOOL_PROPS"
    bl_parent_id = "FILE_PT_operator"
    bl_label = "Recording"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        active = context.space_data.active_operator
        return active is not None and active.bl_idname == "DIFACE_OT_import_recording"

    def draw(self, context: bpy.types.Context) -> None:
        layout, active = self.layout, context.space_data.active_operator
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(active, "line_up")
        if active.line_up == "TIMECODE":
            layout.prop(active, "timecode")
        layout.prop(active, "rows_per_second")
        layout.prop(active, "center_head")
        layout.prop(active, "fill_gaps")


class DIFACE_FH_recording(bpy.types.FileHandler):
    """Recordings that are dropped on the 3D viewport."""

    bl_idname = "DIFACE_FH_recording"
    bl_label = "Recorded Face for DiFACE"
    bl_import_operator = DIFACE_OT_import_recording.bl_idname
    bl_file_extensions = ";".join(EXTENSIONS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type == "VIEW_3D"


register, unregister = bpy.utils.register_classes_factory(
    (DIFACE_OT_import_recording, DIFACE_PT_import_recording, DIFACE_FH_recording)
)
