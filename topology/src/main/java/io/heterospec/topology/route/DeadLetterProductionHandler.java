package io.heterospec.topology.route;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.DefaultProductionExceptionHandler;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes on when the broker refuses a dead letter for its size: its topic may take less than those
 * that are read. Otherwise one record would stop the stream for good. Whatever else cannot be sent
 * stops the task, so that nothing is lost. It is of use outside of transactions only: a record that
 * is refused ends a transaction.
 */
public final class DeadLetterProductionHandler extends DefaultProductionExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterProductionHandler.class);

  private String deadLetters;

  @Override
  public void configure(Map<String, ?> configs) {
    super.configure(configs);
    deadLetters =
        String.valueOf(configs.get(StreamsConfig.ERRORS_DEAD_LETTER_QUEUE_TOPIC_NAME_CONFIG));
  }

  @Override
  public Response handleError(
      ErrorHandlerContext context, ProducerRecord<byte[], byte[]> record, Exception exception) {
    if (exception instanceof RecordTooLargeException && record.topic().equals(deadLetters)) {
      // The context is that of the record at hand by now; the letter says what it is about.
      LOG.error(
          "{}-{}@{} is invalid and gets no dead letter: {} bytes are too many for {}; raise its"
              + " max.message.bytes",
          header(record, "__streams.errors.topic"),
          header(record, "__streams.errors.partition"),
          header(record, "__streams.errors.offset"),
          DeadLetterLimit.size(record),
          deadLetters);
      return Response.resume();
    }
    return super.handleError(context, record, exception);
  }

  private static String header(ProducerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? "?" : new String(header.value(), StandardCharsets.UTF_8);
  }
}
