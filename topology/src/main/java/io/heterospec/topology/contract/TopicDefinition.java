package io.heterospec.topology.contract;

import io.heterospec.schemas.CancelEvent;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.ResponseState;
import io.heterospec.schemas.RoutedRequest;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.schemas.Topics;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.kafka.common.config.TopicConfig;

/**
 * A topic of the application.
 *
 * @param id by which it is known, whatever the prefix
 * @param name with the prefix, and for requests with the pool
 * @param pool whose requests it holds; empty for all other topics
 * @param use who writes and who reads it
 * @param value schema of its values; empty for the original bytes of others
 * @param cleanupPolicy as Kafka names it
 */
public record TopicDefinition(
    String id,
    String name,
    Optional<String> pool,
    Use use,
    Optional<Schema> value,
    String cleanupPolicy,
    String description) {

  /** Who writes and who reads. */
  public enum Use {
    /** Users write, the application reads. */
    INPUT,
    /** The application writes, users read. */
    OUTPUT,
    /** The application writes and reads. */
    INTERNAL
  }

  /**
   * All topics.
   *
   * @param pools that have a topic of requests each
   */
  public static List<TopicDefinition> all(Topics topics, Collection<String> pools) {
    List<TopicDefinition> all = new ArrayList<>();
    all.add(
        of(
            "prompts",
            topics.prompts(),
            Use.INPUT,
            PromptEvent.getClassSchema(),
            "Requests to generate text."));
    all.add(
        of(
            "cancellations",
            topics.cancellations(),
            Use.INPUT,
            CancelEvent.getClassSchema(),
            "Requests that are not wanted any more."));
    for (String pool : pools) {
      all.add(
          new TopicDefinition(
              "requests",
              topics.requests(pool),
              Optional.of(pool),
              Use.INTERNAL,
              Optional.of(RoutedRequest.getClassSchema()),
              TopicConfig.CLEANUP_POLICY_DELETE,
              "Prompts that were accepted for a pool of processors."));
    }
    all.add(
        of(
            "deltas",
            topics.deltas(),
            Use.OUTPUT,
            GenerationDelta.getClassSchema(),
            "Text as it is generated."));
    all.add(
        of(
            "completions",
            topics.completions(),
            Use.OUTPUT,
            Completion.getClassSchema(),
            "The end of each request: exactly one per request id that a processor takes up, and one for"
                + " each prompt event that the router refuses."));
    all.add(
        of(
            "telemetry",
            topics.telemetry(),
            Use.OUTPUT,
            StepTelemetry.getClassSchema(),
            "What each draft-verify cycle did."));
    all.add(
        new TopicDefinition(
            "deadLetters",
            topics.deadLetters(),
            Optional.empty(),
            Use.OUTPUT,
            Optional.empty(),
            TopicConfig.CLEANUP_POLICY_DELETE,
            "Records that could not be processed, as they came."));
    all.add(
        new TopicDefinition(
            "responses",
            topics.responses(),
            Optional.empty(),
            Use.INTERNAL,
            Optional.of(ResponseState.getClassSchema()),
            TopicConfig.CLEANUP_POLICY_COMPACT,
            "What became of asynchronous responses, for the gateways."));
    return all;
  }

  private static TopicDefinition of(
      String id, String name, Use use, Schema value, String description) {
    return new TopicDefinition(
        id,
        name,
        Optional.empty(),
        use,
        Optional.of(value),
        TopicConfig.CLEANUP_POLICY_DELETE,
        description);
  }
}
