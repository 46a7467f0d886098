package io.heterospec.processor.text;

import java.util.List;

/**
 * The text side of a loaded model: what a router needs to know of it. Safe for use by many threads.
 */
public interface TextModel {

  /** Name that requests use. */
  String name();

  /** Hash of the target's and the head's weights and configuration. */
  String fingerprint();

  /** Longest sequence in tokens, prompt and output together. */
  int contextLength();

  /** Number of token ids. */
  int vocabularySize();

  /** Default of {@code max_tokens}. */
  int defaultMaxTokens();

  /**
   * Token ids of a conversation in the model's chat form, ready for the assistant's turn. Text that
   * looks like a special token stays text.
   *
   * @param transcript token ids of the session so far, empty for a new one
   * @param messages the new messages
   * @throws IllegalArgumentException when the model has no tokenizer or chat template, or a role is
   *     unknown to it
   */
  int[] encodeChat(int[] transcript, List<ChatMessage> messages);

  /** Token ids of raw text, with the beginning-of-text token where the model wants one. */
  int[] encodeText(int[] transcript, String text);

  /** Tokens that end a generation, possibly none. */
  int[] eosTokenIds();

  /** A fresh detokenizer for one generation; without a tokenizer its text is empty. */
  IncrementalDetokenizer detokenizer();

  /**
   * One message of a conversation: a role such as {@code system}, {@code user}, {@code assistant}.
   */
  record ChatMessage(String role, String content) {}
}
