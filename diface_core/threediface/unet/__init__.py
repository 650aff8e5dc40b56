"""3DiFACE's U-Nets on ONNX Runtime."""
