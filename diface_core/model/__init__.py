"""The denoisers: networks, their files, and sampling from the models that DiFACE ships."""
