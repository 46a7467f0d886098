package io.heterospec.schemas;

import java.util.regex.Pattern;

/**
 * The names of the application's topics, all under one prefix.
 *
 * @param prefix what every name starts with, its separator included; {@value #DEFAULT_PREFIX} by
 *     default
 */
public record Topics(String prefix) {

  /** The prefix used unless configured otherwise. */
  public static final String DEFAULT_PREFIX = "heterospec.";

  private static final Pattern LEGAL = Pattern.compile("[a-zA-Z0-9._-]+");
  // Kafka's limit for a topic name.
  private static final int MAX_LENGTH = 249;

  public Topics {
    requireLegal("topic prefix", prefix);
  }

  /** The names under {@value #DEFAULT_PREFIX}. */
  public static Topics withDefaultPrefix() {
    return new Topics(DEFAULT_PREFIX);
  }

  /** {@link PromptEvent}s, written by users. */
  public String prompts() {
    return prefix + "prompts";
  }

  /** {@link CancelEvent}s, written by users. */
  public String cancellations() {
    return prefix + "cancellations";
  }

  /**
   * {@link RoutedRequest}s for one pool of instances.
   *
   * @throws IllegalArgumentException when the pool's name cannot be part of a topic name
   */
  public String requests(String pool) {
    requireLegal("pool", pool);
    String name = prefix + "requests." + pool;
    if (name.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "the topic name for pool '%s' is longer than %d characters; use a shorter pool name"
              .formatted(pool, MAX_LENGTH));
    }
    return name;
  }

  /** {@link GenerationDelta}s. */
  public String deltas() {
    return prefix + "deltas";
  }

  /**
   * {@link Completion}s: exactly one for each request id that a processor takes up, and one for
   * each prompt event that the router refuses.
   */
  public String completions() {
    return prefix + "completions";
  }

  /** {@link StepTelemetry}, one for each draft-verify cycle. */
  public String telemetry() {
    return prefix + "telemetry";
  }

  /** The original bytes of records that could not be processed. */
  public String deadLetters() {
    return prefix + "dead-letters";
  }

  /** {@link ResponseState}, the latest of each response: internal to the gateways. */
  public String responses() {
    return prefix + "responses";
  }

  private static void requireLegal(String what, String name) {
    if (name == null || !LEGAL.matcher(name).matches() || name.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "%s '%s' cannot be part of a topic name; use letters, digits, '.', '_' and '-'"
              .formatted(what, name));
    }
  }
}
