package io.heterospec.processor.text;

/** Turns token ids into text. */
public interface TokenDecoder {

  /** Text of the ids with special tokens left out; incomplete UTF-8 becomes U+FFFD. */
  String decode(int[] ids);

  /** Whether {@link #decode} leaves the token out wherever it stands. */
  boolean isSkipped(int id);
}
