package io.heterospec.topology.route;

import java.util.Map;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.LogAndContinueProcessingExceptionHandler;
import org.apache.kafka.streams.errors.ProcessingExceptionHandler;
import org.apache.kafka.streams.processor.api.Record;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the source record of an {@link InvalidRequestException} to the dead letters (KIP-1033,
 * KIP-1034) and goes on. Any other exception is a fault of the program or its surroundings and
 * stops the task, so that nothing is skipped.
 */
public final class DeadLetterProcessingHandler implements ProcessingExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterProcessingHandler.class);

  private final LogAndContinueProcessingExceptionHandler deadLetters =
      new LogAndContinueProcessingExceptionHandler();
  private DeadLetterLimit limit;

  @Override
  public void configure(Map<String, ?> configs) {
    deadLetters.configure(configs);
    limit = new DeadLetterLimit(configs);
  }

  @Override
  public Response handleError(ErrorHandlerContext context, Record<?, ?> record, Exception e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof InvalidRequestException invalid) {
        LOG.info(
            "refused {}-{}@{}: {} {}",
            context.topic(),
            context.partition(),
            context.offset(),
            invalid.code(),
            invalid.getMessage());
        Response response = deadLetters.handleError(context, record, invalid);
        return Response.resume(limit.fitting(context, response.deadLetterQueueRecords()));
      }
    }
    return Response.fail();
  }
}
