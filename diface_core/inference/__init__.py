"""The networks on ONNX Runtime: numpy in, numpy out."""
