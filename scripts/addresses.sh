# shellcheck shell=bash
# Public addresses that the set-up uses, all of them. Sourced.

# The hub that model files come from; HF_ENDPOINT names another one that speaks the same paths.
# shellcheck disable=SC2034
model_hub=${HF_ENDPOINT:-https://huggingface.co}
