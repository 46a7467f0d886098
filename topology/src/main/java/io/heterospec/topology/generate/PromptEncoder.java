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
      List<ChatMessage> fresh = prompt.getMessages();
      Transcript kept = before;
      if (prompt.getReplaceHistory()) {
        fresh = continuation(before, fresh);
        kept = fresh.size() < prompt.getMessages().size() ? before : Transcript.EMPTY;
      }
      Transcript encoded = append(kept, fresh, prompt.getText());
      int wanted = Math.min(maxTokens(prompt), model.contextLength() / 4);
      boolean tooLong = encoded.tokens().length + wanted > model.contextLength();
      if (tooLong
          && overflow == SessionOverflow.DROP_OLDEST
          && kept.isDivisible()
          && !kept.turns().isEmpty()) {
        // Half the context, so that the next turns need not drop, and compute all again, each.
        int more = encoded.tokens().length - kept.tokens().length;
        int limit = Math.max(0, model.contextLength() / 2 - more);
        encoded = append(kept.withoutOldest(kept.turnsBeyond(limit)), fresh, prompt.getText());
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

  // The messages that follow what the session has, by its history; all of them when they do not.
  private static List<ChatMessage> continuation(Transcript before, List<ChatMessage> messages) {
    String history = "";
    for (int i = 0; i < messages.size(); i++) {
      ChatMessage message = messages.get(i);
      history = Transcript.history(history, message.getRole(), message.getContent());
      if (history.equals(before.history()) && i < messages.size() - 1) {
        return messages.subList(i + 1, messages.size());
      }
    }
    return messages;
  }

  private Transcript append(Transcript before, List<ChatMessage> messages, String text) {
    String history = before.history();
    if (text != null) {
      return appendText(before, text).withHistory(Transcript.history(history, "", text));
    }
    for (ChatMessage message : messages) {
      history = Transcript.history(history, message.getRole(), message.getContent());
    }
    List<TextModel.ChatMessage> fresh =
        messages.stream().map(m -> new TextModel.ChatMessage(m.getRole(), m.getContent())).toList();
    return appendChat(before, fresh).withHistory(history);
  }

  private Transcript appendText(Transcript before, String text) {
    int[] ids = model.encodeText(before.tokens(), text);
    if (before.isEmpty()) {
      int opening = ids.length - model.encodeText(new int[] {ids[0]}, text).length + 1;
      return new Transcript(ids, opening, List.of(opening), "");
    }
    return before.followedBy(ids, before.tokens().length);
  }

  private Transcript appendChat(Transcript before, List<TextModel.ChatMessage> messages) {
    int[] ids = model.encodeChat(before.tokens(), messages);
    List<TextModel.ChatMessage> turn =
        messages.stream().filter(message -> !message.role().equals("system")).toList();
    if (overflow == SessionOverflow.REJECT || turn.isEmpty()) {
      return Transcript.whole(ids, ""); // it will never be divided
    }
    // A template writes a turn the same whether it is the first or a later one. What a first one
    // has before that is the opening; what a later one has is the end of the answer before it.
    int[] first = model.encodeChat(new int[0], turn);
    int length = commonSuffix(first, model.encodeChat(first, turn));
    if (before.isEmpty()) {
      int opening = ids.length - length;
      return new Transcript(ids, opening, List.of(opening), "");
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
}
