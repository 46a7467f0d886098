package io.heterospec.topology.generate;

import io.heterospec.processor.text.TextModel;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.topology.route.ErrorCodes;
import io.heterospec.topology.route.InvalidRequestException;
import io.heterospec.topology.session.SessionOverflow;
import io.heterospec.topology.session.Transcript;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A prompt with its session as token ids, within the model's context. */
final class PromptEncoder {
  private final TextModel model;
  private final SessionOverflow overflow;

  PromptEncoder(TextModel model, SessionOverflow overflow) {
    this.model = model;
    this.overflow = overflow;
  }

  /**
   * The session as it will be once this prompt's answer follows.
   *
   * @param before the session so far, empty for none
   * @throws InvalidRequestException when the prompt does not suit the model or does not fit
   */
  Transcript encode(Transcript before, PromptEvent prompt) {
    try {
      Transcript kept = prompt.getReplaceHistory() ? Transcript.EMPTY : before;
      Transcript encoded = append(kept, prompt);
      int wanted = Math.min(maxTokens(prompt), model.contextLength() / 4);
      boolean tooLong = encoded.tokens().length + wanted > model.contextLength();
      if (tooLong && overflow == SessionOverflow.DROP_OLDEST && kept.isDivisible() && !kept.turns().isEmpty()) {
        // Half the context, so that the next turns need not drop, and compute all again, each.
        int fresh = encoded.tokens().length - kept.tokens().length;
        int limit = Math.max(0, model.contextLength() / 2 - fresh);
        encoded = append(kept.withoutOldest(kept.turnsBeyond(limit)), prompt);
      }
      requireFits(encoded);
      return encoded;
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException(ErrorCodes.INVALID_REQUEST, e.getMessage());
    }
  }

  private void requireFits(Transcript encoded) {
    if (encoded.tokens().length >= model.contextLength()) {
      throw new InvalidRequestException(
          ErrorCodes.PROMPT_TOO_LONG,
          "the prompt has %d tokens with its session, the context holds %d; shorten it, start a new session, or set heterospec.session.overflow to drop-oldest"
              .formatted(encoded.tokens().length, model.contextLength()));
    }
  }

  private int maxTokens(PromptEvent prompt) {
    Integer asked = prompt.getSampling().getMaxTokens();
    return asked == null ? model.defaultMaxTokens() : asked;
  }

  private Transcript append(Transcript before, PromptEvent prompt) {
    return prompt.getText() != null
        ? appendText(before, prompt.getText())
        : appendChat(before, messages(prompt));
  }

  private Transcript appendText(Transcript before, String text) {
    int[] ids = model.encodeText(before.tokens(), text);
    if (before.isEmpty()) {
      int opening = ids.length - model.encodeText(new int[] {ids[0]}, text).length + 1;
      return new Transcript(ids, opening, List.of(opening));
    }
    return before.followedBy(ids, before.tokens().length);
  }

  private Transcript appendChat(Transcript before, List<TextModel.ChatMessage> messages) {
    int[] ids = model.encodeChat(before.tokens(), messages);
    List<TextModel.ChatMessage> turn =
        messages.stream().filter(message -> !message.role().equals("system")).toList();
    if (overflow == SessionOverflow.REJECT || turn.isEmpty()) {
      return Transcript.whole(ids); // it will never be divided
    }
    // A template writes a turn the same whether it is the first or a later one. What a first one has
    // before that is the opening; what a later one has is the end of the answer before it.
    int[] first = model.encodeChat(new int[0], turn);
    int length = commonSuffix(first, model.encodeChat(first, turn));
    if (before.isEmpty()) {
      int opening = ids.length - length;
      return new Transcript(ids, opening, List.of(opening));
    }
    if (before.turns().isEmpty() && before.isDivisible()) {
      ids =
          IntStream.concat(
                  Arrays.stream(before.tokens()), Arrays.stream(ids).skip(ids.length - length))
              .toArray(); // the opening has no answer to end
    }
    return before.followedBy(ids, ids.length - length);
  }

  private static int commonSuffix(int[] a, int[] b) {
    int length = 0;
    while (length < a.length
        && length < b.length
        && a[a.length - 1 - length] == b[b.length - 1 - length]) {
      length++;
    }
    return length;
  }

  private static List<TextModel.ChatMessage> messages(PromptEvent prompt) {
    return prompt.getMessages().stream()
        .map((ChatMessage m) -> new TextModel.ChatMessage(m.getRole(), m.getContent()))
        .toList();
  }
}
