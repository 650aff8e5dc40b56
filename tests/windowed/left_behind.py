"""What an add-on can leave in a Blender, found by code that is executed there."""

FIND = """
import gc, sys, threading, types

def of_diface(function):
    return "diface" in (getattr(function, "__module__", None) or "")

def drawn(menu):
    return getattr(getattr(menu, "draw", None), "_draw_funcs", ())

kinds = [(name, getattr(bpy.types, name)) for name in dir(bpy.types)]
data = [bpy.types.Scene, bpy.types.WindowManager, bpy.types.Object, bpy.types.Action, bpy.types.Screen]
handlers = {name: getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers)}
functions = [found for found in gc.get_objects() if isinstance(found, types.FunctionType) and of_diface(found)]
result = {
    "classes": [name for name, _ in kinds if "diface" in name.lower()],
    "properties": [f"{kind.__name__}.{name}" for kind in data for name in dir(kind) if "diface" in name.lower()],
    "menu entries": [name for name, kind in kinds if any(map(of_diface, drawn(kind)))],
    "handlers": [name for name, listed in handlers.items() if isinstance(listed, list) and any(map(of_diface, listed))],
    "timers": [function.__qualname__ for function in functions if bpy.app.timers.is_registered(function)],
    "manual": [str(function) for function in bpy.utils._manual_map if of_diface(function)],
    "operators": dir(bpy.ops.diface),
    "threads": [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()],
    "modules": sorted(name for name in sys.modules if "diface" in name),
    "search path": [entry for entry in sys.path if "diface" in entry],
    "add-ons": [name for name in bpy.context.preferences.addons.keys() if "diface" in name],
}
result = {what: found for what, found in result.items() if found}
"""
"""Assigns a dictionary: kind -> names of what DiFACE registered, without the kinds of which it registered nothing."""
