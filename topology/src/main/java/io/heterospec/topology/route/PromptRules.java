package io.heterospec.topology.route;

import io.heterospec.processor.engine.SamplingParams;
import io.heterospec.processor.tree.BudgetedPolicy;
import io.heterospec.processor.tree.Eagle3Policy;
import io.heterospec.processor.tree.HeteroSpecPolicy;
import io.heterospec.processor.tree.VanillaPolicy;
import io.heterospec.schemas.ChatMessage;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.Sampling;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What every prompt event must fulfil, whatever model it is for. */
public final class PromptRules {
  private static final List<String> MODES =
      List.of(VanillaPolicy.NAME, Eagle3Policy.NAME, HeteroSpecPolicy.NAME, BudgetedPolicy.NAME);

  private static final int LONGEST_ID = 1024;

  private final int maxPromptBytes;

  public PromptRules(int maxPromptBytes) {
    this.maxPromptBytes = maxPromptBytes;
  }

  /**
   * @throws InvalidRequestException naming the field and what is legal
   */
  public void check(PromptEvent prompt) {
    checkId("request_id", prompt.getRequestId());
    if (prompt.getSessionId() != null) {
      checkId("session_id", prompt.getSessionId());
    }
    boolean chat = !prompt.getMessages().isEmpty();
    boolean raw = prompt.getText() != null;
    if (chat == raw) {
      throw invalid("give exactly one of messages and text, not " + (chat ? "both" : "neither"));
    }
    if (raw && prompt.getText().isEmpty()) {
      throw invalid("text is empty; give the prompt some text");
    }
    long bytes = raw ? bytes(prompt.getText()) : 0;
    for (ChatMessage message : prompt.getMessages()) {
      if (message.getRole().isBlank()) {
        throw invalid("a message has no role; use system, user or assistant");
      }
      bytes += bytes(message.getContent());
    }
    if (chat && prompt.getMessages().stream().allMatch(m -> m.getContent().isBlank())) {
      throw invalid("every message is empty; give the prompt some text");
    }
    if (bytes > maxPromptBytes) {
      throw new InvalidRequestException(
          ErrorCodes.PROMPT_TOO_LONG,
          "the prompt has %d bytes, the limit is %d; shorten it".formatted(bytes, maxPromptBytes));
    }
    if (prompt.getMode() != null && !MODES.contains(prompt.getMode())) {
      throw invalid(
          "mode '%s' is unknown; use one of %s".formatted(repeated(prompt.getMode()), MODES));
    }
    sampling(prompt.getSampling(), 1, 0);
  }

  /**
   * A request's sampling as the engine takes it.
   *
   * @param defaultMaxTokens where the request does not say
   * @param seed the generation's
   * @throws InvalidRequestException naming the value and its range
   */
  public static SamplingParams sampling(Sampling sampling, int defaultMaxTokens, long seed) {
    try {
      return new SamplingParams(
          sampling.getMaxTokens() == null ? defaultMaxTokens : sampling.getMaxTokens(),
          sampling.getTemperature(),
          sampling.getTopK(),
          sampling.getTopP(),
          seed,
          List.copyOf(sampling.getStop()),
          sampling.getIgnoreEos());
    } catch (IllegalArgumentException e) {
      throw invalid(e.getMessage());
    }
  }

  /** Whether a request or session that passes the rules can have this id. */
  public static boolean isId(String id) {
    return !id.isBlank() && !isTooLong(id) && !hasControl(id);
  }

  /** Whether no record, key or message should carry this id. */
  static boolean isTooLong(String id) {
    return id.length() > LONGEST_ID;
  }

  /** The session of a request; null without one, and where no session can have its id. */
  static String session(PromptEvent prompt) {
    String session = prompt.getSessionId();
    return session == null || isTooLong(session) ? null : session;
  }

  /** What a request says, as an answer to it may repeat it: an answer must fit in a record. */
  static String repeated(String said) {
    return isTooLong(said) ? said.substring(0, LONGEST_ID) + '…' : said;
  }

  /**
   * @throws InvalidRequestException when the id is empty or too long
   */
  static void checkLength(String field, String id) {
    if (id.isBlank() || isTooLong(id)) {
      throw invalid("%s must have 1 to %d characters".formatted(field, LONGEST_ID));
    }
  }

  private static void checkId(String field, String id) {
    checkLength(field, id);
    if (hasControl(id)) {
      throw invalid(
          "%s holds a control character; use letters, digits and punctuation".formatted(field));
    }
  }

  // Stores keep what belongs to an id under the id, U+0000 and a number.
  private static boolean hasControl(String id) {
    return id.chars().anyMatch(Character::isISOControl);
  }

  private static InvalidRequestException invalid(String message) {
    return new InvalidRequestException(ErrorCodes.INVALID_REQUEST, message);
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
