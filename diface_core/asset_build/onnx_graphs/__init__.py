"""The networks of the worker as ONNX graphs without weights, written node by node."""
