package io.heterospec.topology.cli;

import io.heterospec.processor.engine.DecodeEngine;
import io.heterospec.processor.text.HuggingFaceTextModel;
import io.heterospec.processor.text.TextModel.ChatMessage;
import java.util.List;

/** A prompt's text as token ids: a user's message where the model has a chat template. */
final class Prompts {
  private static final int[] NO_TRANSCRIPT = {};

  private Prompts() {}

  static int[] encode(DecodeEngine engine, String text) {
    boolean chat = engine.model() instanceof HuggingFaceTextModel model && model.hasChatTemplate();
    return chat
        ? engine.model().encodeChat(NO_TRANSCRIPT, List.of(new ChatMessage("user", text)))
        : encodeRaw(engine, text);
  }

  static int[] encodeRaw(DecodeEngine engine, String text) {
    return engine.model().encodeText(NO_TRANSCRIPT, text);
  }
}
