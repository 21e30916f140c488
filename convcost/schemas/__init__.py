"""The JSON that convcost writes and reads, as types, and the JSON Schemas made from them."""
