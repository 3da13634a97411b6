"""The experts: small questions to a language model, each answered in pieces that can be checked alone."""
