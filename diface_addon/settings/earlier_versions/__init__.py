"""What files and scripts of earlier versions of DiFACE expect."""
