package io.heterospec.processor.text;

/**
 * A token that the tokenizer finds in text before anything else.
 *
 * @param special whether it is a control token rather than a convenience of the vocabulary
 */
record AddedToken(int id, String content, boolean special) {}
