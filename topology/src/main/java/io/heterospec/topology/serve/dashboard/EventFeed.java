package io.heterospec.topology.serve.dashboard;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.schemas.Completion;
import io.heterospec.schemas.GenerationDelta;
import io.heterospec.schemas.StepTelemetry;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.client.EventReader;
import io.heterospec.topology.client.TopicTail;
import io.heterospec.topology.serve.StreamedBody;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.SerializationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the whole cluster generates, for any number of browsers: one reader of the output topics,
 * uncommitted, whose records go to all as server-sent events. Without readers nothing is formatted.
 *
 * <p>Where API keys are in use, the holder of one gets texts, ids and trees of their own sessions
 * only. Of all other requests, those without a session included, everybody gets the numbers.
 */
public final class EventFeed implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventFeed.class);
  private static final String TYPE = "text/event-stream;charset=utf-8";
  private static final byte[] COMMENT = ": \n\n".getBytes(StandardCharsets.UTF_8);
  private static final long HEARTBEAT_SECONDS = 5;

  private final Map<StreamedBody, String> readers = new ConcurrentHashMap<>(); // and their holders
  private final TopicTail tail;
  // Only what is sent to a reader that has left shows that it has.
  private final ScheduledExecutorService heartbeat =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "gateway-events-heartbeat");
            thread.setDaemon(true);
            return thread;
          });

  private EventFeed(EventReader reader) {
    heartbeat.scheduleWithFixedDelay(
        () -> readers.keySet().forEach(body -> body.write(TYPE, COMMENT)),
        HEARTBEAT_SECONDS,
        HEARTBEAT_SECONDS,
        TimeUnit.SECONDS);
    tail = new TopicTail("gateway-events", reader, new Fan());
  }

  /**
   * Starts to follow the topics, which must exist.
   *
   * @throws io.heterospec.topology.embedded.UnusableResourceException when no broker answers
   */
  public static EventFeed open(HeteroSpecConfig config) {
    return new EventFeed(EventReader.ofAllUncommitted(config));
  }

  /**
   * From now on this body gets what happens, until it is taken out or cut.
   *
   * @param holder name of the reader's API key; empty where none are in use
   */
  void add(StreamedBody body, String holder) {
    readers.put(body, holder);
    body.write(TYPE, COMMENT);
  }

  void remove(StreamedBody body) {
    readers.remove(body);
  }

  /** Whether the topics are still followed. */
  public boolean healthy() {
    return tail.healthy();
  }

  /** Whether the holder of a key may see what was said in a session. */
  static boolean maySee(String holder, String session) {
    return holder.isEmpty() || (session != null && session.startsWith(holder + '/'));
  }

  private final class Fan implements EventReader.Handler {
    @Override
    public void onDelta(GenerationDelta delta) {
      send(delta.getSessionId(), () -> DashboardEvents.delta(delta), () -> null);
    }

    @Override
    public void onTelemetry(StepTelemetry step) {
      send(
          step.getSessionId(),
          () -> DashboardEvents.cycle(step, true),
          () -> DashboardEvents.cycle(step, false));
    }

    @Override
    public void onCompletion(Completion completion) {
      send(
          completion.getSessionId(),
          () -> DashboardEvents.end(completion, true),
          () -> DashboardEvents.end(completion, false));
    }

    @Override
    public void onUnreadable(
        String topic, int partition, long offset, SerializationException reason) {
      LOG.warn("skipped {}-{}@{}: {}", topic, partition, offset, reason.getMessage());
    }
  }

  private void send(String session, Supplier<ObjectNode> whole, Supplier<ObjectNode> numbers) {
    byte[][] formatted = new byte[2][];
    readers.forEach(
        (body, holder) -> {
          int form = maySee(holder, session) ? 0 : 1;
          if (formatted[form] == null) {
            formatted[form] = format(form == 0 ? whole.get() : numbers.get());
          }
          if (formatted[form].length > 0) {
            body.write(TYPE, formatted[form]);
          }
        });
  }

  private static byte[] format(ObjectNode event) {
    String text = event == null ? "" : "data: " + event + "\n\n";
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    heartbeat.shutdownNow();
    tail.close();
    readers.keySet().forEach(StreamedBody::finish);
  }
}
