package io.heterospec.topology.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.ProductionExceptionHandler.Result;
import org.apache.kafka.streams.errors.internals.DefaultErrorHandlerContext;
import org.apache.kafka.streams.processor.TaskId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeadLetterProductionHandlerTest {
  private static final ErrorHandlerContext CONTEXT =
      new DefaultErrorHandlerContext(
          null, "prompts", 0, 7, new RecordHeaders(), "router", new TaskId(0, 0), 0, null, null);

  private final DeadLetterProductionHandler handler = new DeadLetterProductionHandler();

  @BeforeEach
  void configure() {
    handler.configure(
        Map.of(StreamsConfig.ERRORS_DEAD_LETTER_QUEUE_TOPIC_NAME_CONFIG, "dead-letters"));
  }

  private Result after(Exception failure, String topic) {
    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, new byte[9]);
    return handler.handleError(CONTEXT, record, failure).result();
  }

  @Test
  void aDeadLetterThatIsTooLargeIsGivenUp() {
    assertThat(after(new RecordTooLargeException(), "dead-letters")).isEqualTo(Result.RESUME);
  }

  @Test
  void aDeadLetterThatCannotBeSentForAnotherReasonIsNot() {
    assertThat(after(new TimeoutException(), "dead-letters")).isNotEqualTo(Result.RESUME);
  }

  @Test
  void nothingElseIsGivenUpForItsSize() {
    for (String topic : new String[] {"completions", "requests.default"}) {
      assertThat(after(new RecordTooLargeException(), topic)).isEqualTo(Result.FAIL);
    }
  }
}
