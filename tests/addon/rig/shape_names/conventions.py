"""Some names of each convention, with the channels that they truly are. `{S}` and `{s}` stand for a side.

Sources: Meta's face tracking; VIVE's SRanipal; Faceshift; NVIDIA Audio2Face; Epic's MetaHuman control curves;
Reallusion's CC3 and CC4; DAZ's Genesis 3 to 9 and the factors of Diffeomorphic's tables; Mixamo Fuse; MB-Lab; Valve's
flexes; Snap's Lens Studio; VRChat's Unified Expressions; VRM; MMD; MakeHuman's expression units; FACS (Ekman and
Friesen 2002).
"""

from __future__ import annotations

CONVENTIONS = {
    "Meta": """
        eyeBlink{S} = Eyes_Closed_{s}
        eyeSquint{S} = Lid_Tightener_{s}
        eyeWide{S} = Upper_Lid_Raiser_{s}
        eyeLookOut{S} = Eyes_Look_{S}_{s}
        eyeLookIn{S} = Eyes_Look_{O}_{s}
        eyeLookUp{S} = Eyes_Look_Up_{s}
        browDown{S} = Brow_Lowerer_{s}
        browInnerUp = Inner_Brow_Raiser_L Inner_Brow_Raiser_R
        browOuterUp{S} = Outer_Brow_Raiser_{s}
        cheekPuff = Cheek_Puff_L Cheek_Puff_R
        cheekSquint{S} = Cheek_Raiser_{s}
        noseSneer{S} = Nose_Wrinkler_{s}
        jawOpen = Jaw_Drop
        jawForward = Jaw_Thrust
        jaw{S} = Jaw_Sideways_{S}
        mouth{S} = Mouth_{S}
        mouthClose = Lips_Toward
        mouthFunnel = Lip_Funneler_LB Lip_Funneler_LT Lip_Funneler_RB Lip_Funneler_RT
        mouthPucker = Lip_Pucker_L Lip_Pucker_R
        mouthRollLower = Lip_Suck_LB Lip_Suck_RB
        mouthRollUpper = Lip_Suck_LT Lip_Suck_RT
        mouthShrugLower = Chin_Raiser_B
        mouthShrugUpper = Chin_Raiser_T
        mouthSmile{S} = Lip_Corner_Puller_{s}
        mouthFrown{S} = Lip_Corner_Depressor_{s}
        mouthDimple{S} = Dimpler_{s}
        mouthStretch{S} = Lip_Stretcher_{s}
        mouthPress{S} = Lip_Pressor_{s}
        mouthLowerDown{S} = Lower_Lip_Depressor_{s}
        mouthUpperUp{S} = Upper_Lip_Raiser_{s}
        tongueOut = Tongue_Out
        - = Lip_Tightener_{s}
        - = Cheek_Suck_{s}
        - = Tongue_Retreat Tongue_Tip_Interdental
    """,
    "SRanipal": """
        eyeBlink{S} = Eye_{S}_Blink
        eyeWide{S} = Eye_{S}_Wide
        eyeLookUp{S} = Eye_{S}_Up
        eyeLookDown{S} = Eye_{S}_Down
        eyeLookInLeft = Eye_Left_Right
        eyeLookOutLeft = Eye_Left_Left
        eyeLookInRight = Eye_Right_Left
        eyeLookOutRight = Eye_Right_Right
        jawOpen = Jaw_Open
        jaw{S} = Jaw_{S}
        mouthClose = Mouth_Ape_Shape
        mouthPucker = Mouth_Pout
        mouthFunnel = Mouth_Upper_Overturn Mouth_Lower_Overturn
        mouthRollUpper = Mouth_Upper_Inside
        mouthRollLower = Mouth_Lower_Inside
        mouthShrugLower = Mouth_Lower_Overlay
        mouth{S} = Mouth_Upper_{S} Mouth_Lower_{S}
        mouthSmile{S} = Mouth_Smile_{S}
        mouthFrown{S} = Mouth_Sad_{S}
        mouthUpperUp{S} = Mouth_Upper_Up{S}
        mouthLowerDown{S} = Mouth_Lower_Down{S}
        cheekPuff = Cheek_Puff_Left Cheek_Puff_Right
        - = Eye_Frown Cheek_Suck Tongue_Left Tongue_Roll
        - = Eye_{S}_Squeeze
    """,
    "Faceshift": """
        eyeBlink{S} = EyeBlink_{s}
        eyeWide{S} = EyeOpen_{s}
        eyeLookDown{S} = EyeDown_{s}
        eyeLookIn{S} = EyeIn_{s}
        browDown{S} = BrowsD_{s}
        browInnerUp = BrowsU_C
        browOuterUp{S} = BrowsU_{s}
        jawForward = JawFwd
        jawOpen = JawOpen
        mouthStretch{S} = LipsStretch_{s}
        mouthRollUpper = LipsUpperClose
        mouthRollLower = LipsLowerClose
        mouthFunnel = LipsFunnel
        mouthPucker = LipsPucker
        mouthShrugLower = ChinLowerRaise
        mouthShrugUpper = ChinUpperRaise
        cheekPuff = Puff
        - = JawChew LipsUpperUp LipsLowerDown LipsUpperOpen Sneer
    """,
    "Audio2Face": """
        browDown{S} = browLower{s}
        browInnerUp = innerBrowRaiserL innerBrowRaiserR
        eyeBlink{S} = eyesClose{s}
        eyeWide{S} = eyesUpperLidRaiser{s}
        eyeSquint{S} = squint{s}
        jaw{S} = jawSlide{S}
        mouth{S} = mouthSlide{S}
        jawOpen = jawDrop
        mouthFunnel = funneler
        mouthPucker = pucker
        mouthShrugLower = chinRaiser
        mouthDimple{S} = dimpler{s}
        - = lipPressor lipSuck jawDropLipTowards eyesLookLeft eyesLookUp
    """,
    "MetaHuman": """
        eyeLookIn{S} = CTRL_expressions_eyeLook{O}{s}
        eyeLookOut{S} = CTRL_expressions_eyeLook{S}{s}
        eyeSquint{S} = CTRL_expressions_eyeSquintInner{s}
        cheekSquint{S} = CTRL_expressions_eyeCheekRaise{s}
        jawForward = CTRL_expressions_jawFwd
        mouthSmile{S} = CTRL_expressions_mouthCornerPull{s}
        - = CTRL_expressions_mouthCornerUp{s}
        - = CTRL_expressions_mouthSharpCornerPull{s} CTRL_expressions_mouthLipsTightenU{s}
        mouthShrugLower = CTRL_expressions_jawChinRaiseDL CTRL_expressions_jawChinRaiseDR
        mouthRollUpper = CTRL_expressions_mouthUpperLipRollInL CTRL_expressions_mouthUpperLipRollInR
        cheekPuff = CTRL_expressions_mouthCheekBlowL CTRL_expressions_mouthCheekBlowR
        - = CTRL_expressions_jawOpenExtreme CTRL_expressions_mouthStickyUC CTRL_expressions_mouthLowerLipRollOutL
    """,
    "CC3": """
        jawOpen = Mouth_Open
        mouthFunnel = Mouth_Pucker_Open
        mouthPucker = Mouth_Pucker
        mouthRollUpper = Mouth_Top_Lip_Under
        mouthRollLower = Mouth_Bottom_Lip_Under
        mouth{S} = Mouth_{s}
        mouthUpperUp{S} = Mouth_Snarl_Upper_{s}
        mouthLowerDown{S} = Mouth_Snarl_Lower_{s}
        noseSneer{S} = Nose_Flank_Raise_{s}
        cheekSquint{S} = Cheek_Raise_{s}
        cheekPuff = Cheek_Blow_L Cheek_Blow_R
        - = Open Lip_Open Wide Tight Tight-O Mouth_Up Mouth_Down Mouth_Smile Mouth_Frown Eye_Blink Mouth_Blow
        - = Nose_Scrunch
    """,
    "CC4": """
        mouthPucker = Mouth_Pucker_Up_R Mouth_Pucker_Down_R Mouth_Pucker_Up_L Mouth_Pucker_Down_L
        mouthFunnel = Mouth_Funnel_Up_R Mouth_Funnel_Down_R Mouth_Funnel_Up_L Mouth_Funnel_Down_L
        mouthRollUpper = Mouth_Roll_In_Upper_L Mouth_Roll_In_Upper_R
        eyeLookOut{S} = Eye_{s}_Look_{s}
        eyeLookIn{S} = Eye_{s}_Look_{o}
        eyeLookUp{S} = Eye_{s}_Look_Up
        mouthUpperUp{S} = Mouth_Up_Upper_{s}
        jawOpen = Jaw_Open
        tongueTipUp = Tongue_Tip_Up
        tongueBodyUp = Tongue_Mid_Up
        - = Tongue_Up Tongue_Tip_Down
        - = Jaw_Down Jaw_Up Mouth_Up Mouth_Chin_Up Neck_Swallow_Up
        - = Mouth_Smile_Sharp_{s} Mouth_Roll_Out_Upper_{s} Mouth_Blow_{s} Cheek_Suck_{s}
        - = Brow_Compress_{s} Mouth_Tighten_{s}
    """,
    "Genesis 9": """
        mouth{S} = facs_ctrl_MouthLeft-Right
        jaw{S} = facs_ctrl_JawLeft-Right
        jawForward = facs_ctrl_JawForward-Recess
        mouthPress{S} = facs_bs_MouthPressUpper{S} facs_bs_MouthPressLower{S}
        eyeBlink{S} = facs_bs_EyeBlink{S}
        mouthFunnel = facs_ctrl_MouthFunnel
        - = facs_bs_MouthFunnelUpperLeft facs_ctrl_BrowSqueeze facs_ctrl_NasalFlare
    """,
    "Genesis 3": """
        eyeBlink{S} = head.eCTRLEyesClosed{s}
        mouthSmile{S} = head.eCTRLMouthSmileSimple{s}
        eyeSquint{S} = head.eCTRLEyesSquint{s}
        cheekSquint{S} = head.eCTRLCheekFlex{s}
        jawOpen = head.eCTRLMouthOpen
        mouthPucker = head.eCTRLLipsPucker
        cheekPuff = head.eCTRLCheeksBalloon
        - = head.eCTRLMouthOpenWide head.eCTRLMouthSide-Side head.eCTRLMouthSmileOpen head.eCTRLTongueIn-Out
        - = head.eCTRLvAA head.eCTRLEyesUpDown head.eCTRLEyesClosed head.eCTRLMouthSide-SideL
    """,
    "Fuse": """
        eyeBlink{S} = Facial_Blends.Blink_{S}
        mouthSmile{S} = Facial_Blends.Smile_{S}
        mouthFrown{S} = Facial_Blends.Frown_{S}
        browDown{S} = Facial_Blends.BrowsDown_{S}
        mouth{S} = Facial_Blends.Midmouth_{S}
        jawOpen = Facial_Blends.MouthOpen
        jawForward = Facial_Blends.JawForeward
        mouthPucker = Facial_Blends.MouthNarrow_Left Facial_Blends.MouthNarrow_Right
        mouthRollLower = Facial_Blends.LowerLipIn
        - = Facial_Blends.JawRotateY_{S} Facial_Blends.BrowsOuterLower_{S} Facial_Blends.BrowsIn_{S}
        tongueTipUp = Facial_Blends.TongueUp
        - = Facial_Blends.Jaw_Down Facial_Blends.MouthUp Facial_Blends.LowerLipOut
    """,
    "Unified Expressions": """
        eyeBlink{S} = EyeClosed{S}
        mouthSmile{S} = MouthCornerPull{S}
        mouth{S} = MouthUpper{S} MouthLower{S}
        mouthPucker = LipPuckerUpperRight LipPuckerUpperLeft LipPuckerLowerRight LipPuckerLowerLeft
        mouthRollLower = LipSuckLowerRight LipSuckLowerLeft
        mouthShrugUpper = MouthRaiserUpper
        mouthClose = MouthClosed
        browDown{S} = BrowLowerer{S}
        - = BrowPinch{S} EyeDilation{S} CheekSuck{S} MouthTightener{S} MouthUpperDeepen{S} MouthCornerSlant{S}
        tongueTipUp = TongueUp
        - = JawBackward JawClench TongueDown
    """,
    "MakeHuman": """
        eyeBlink{S} = eye-{l}-closure
        eyeWide{S} = eye-{l}-opened-up
        eyeSquint{S} = eye-{l}-slit
        browOuterUp{S} = eyebrows-{l}-extern-up
        browInnerUp = eyebrows-left-inner-up eyebrows-right-inner-up
        - = mouth-corner-puller mouth-retraction mouth-pursing neck-platysma nose-compression
    """,
    "MB-Lab": """
        eyeBlink{S} = Expressions_eyeClosed{s}_max
        eyeSquint{S} = Expressions_eyeSquint{s}_max
        mouthSmile{S} = Expressions_mouthSmile{s}_max
        browOuterUp{S} = Expressions_browOutVert{s}_max
        browInnerUp = Expressions_browsMidVert_max
        jawOpen = Expressions_mouthOpen_max
        jawForward = Expressions_jawOut_max
        tongueOut = Expressions_tongueOut_max
        - = Expressions_eyeClosed{s}_min Expressions_browOutVert{s}_min Expressions_eyeClosedPressure{s}_max
        - = Expressions_mouthOpen_min Expressions_mouthOpenAggr_max Expressions_mouthSmile_max Expressions_jawHoriz_max
        - = Expressions_mouthOpenO_max Expressions_mouthSmileOpen2_max
        - = Expressions_eyesVert_max Expressions_mouthHoriz_max
    """,
    "Source": """
        eyeWide{S} = {l}_lid_raiser
        eyeSquint{S} = {l}_lid_tightener
        eyeBlink{S} = {l}_lid_closer
        browInnerUp = left_inner_raiser right_inner_raiser
        browOuterUp{S} = {l}_outer_raiser
        browDown{S} = {l}_lowerer
        cheekSquint{S} = {l}_cheek_raiser
        mouthUpperUp{S} = {l}_upper_raiser
        mouthSmile{S} = {l}_corner_puller
        mouthFrown{S} = {l}_corner_depressor
        mouthPucker = left_puckerer right_puckerer
        mouthFunnel = left_funneler right_funneler
        mouthStretch{S} = {l}_stretcher
        mouthShrugLower = chin_raiser
        jawOpen = jaw_drop
        - = {l}_lid_droop {l}_mouth_drop {l}_part
        - = blink half_closed wrinkler presser tightener jaw_clencher smile lower_lip bite head_rightleft eyes_updown
    """,
    "Lens Studio": """
        eyeBlink{S} = EyeBlink{S}
        eyeWide{S} = EyeOpen{S}
        eyeLookIn{S} = EyeIn{S}
        browDown{S} = BrowsDown{S}
        browOuterUp{S} = BrowsUp{S}
        browInnerUp = BrowsUpCenter
        jawForward = JawForward
        mouthPucker = LipsPucker
        mouthRollLower = LowerLipClose
        mouthRollUpper = UpperLipClose
        mouthLowerDown{S} = LowerLipDown{S}
        mouthUpperUp{S} = UpperLipUp{S}
        mouthShrugLower = LowerLipRaise
        noseSneer{S} = Sneer{S}
        cheekPuff = Puff
        - = MouthUp{S}
    """,
    "VRM": """
        eyeBlink{S} = Blink_{s}
        - = A I U E O Blink Joy Angry LookUp LookLeft
    """,
    "MMD": """
        eyeBlinkLeft = ウィンク２
        eyeBlinkRight = ｳｨﾝｸ２右
        - = まばたき ウィンク ウィンク右 あ い う え お ω にやり ▲
    """,
    "FACS": """
        browInnerUp = AU01
        browOuterUp{S} = AU02_{s}
        mouthSmile{S} = AU12_{s}
        jawOpen = AU26
        mouthPucker = AU18
        eyeBlink{S} = AU43_{s}
        - = AU45 AU9 AU27 AU99
    """,
    "visemes": """
        - = viseme_aa viseme_U vrc.v_oh A B C D L R U O TH S_Z W_OO B_M_P aa_ah_ax_01 mouthOpen mouthSmile eyesClosed
    """,
}
"""Convention -> lines of a channel and its shape keys; "-": names that are no channel."""


_SIDES = (
    {"S": "Left", "O": "Right", "s": "L", "o": "R", "l": "left"},
    {"S": "Right", "O": "Left", "s": "R", "o": "L", "l": "right"},
)


def names_and_channels(text: str) -> tuple[list[str], dict[str, list[str]]]:
    """Return all names of a convention in order, and the names of each channel."""
    names: dict[str, None] = {}
    truth: dict[str, list[str]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        for sides in _SIDES if "{" in line else _SIDES[:1]:
            channel, found = line.format(**sides).split(" = ")
            names.update(dict.fromkeys(found.split()))
            if channel != "-":
                truth[channel] = found.split()
    return list(names), truth
