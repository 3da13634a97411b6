"""The only importer of grpc and the stubs: convert in, call, convert out."""
