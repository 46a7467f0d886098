package io.heterospec.topology.route;

import io.heterospec.schemas.RegistryException;
import io.heterospec.schemas.RegistryUnavailableException;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;

/**
 * Sends records that can never be read to the dead letters (KIP-1034) and goes on: their bytes are
 * not what they should be, or the registry itself says that it has no schema of their id. When the
 * registry is out of reach, or anything else answers in its place, the record may be fine: then the
 * task stops and reads it again later.
 */
public final class DeadLetterDeserializationHandler extends LogAndContinueExceptionHandler {

  private DeadLetterLimit limit;

  @Override
  public void configure(Map<String, ?> configs) {
    super.configure(configs);
    limit = new DeadLetterLimit(configs);
  }

  @Override
  public Response handleError(
      ErrorHandlerContext context, ConsumerRecord<byte[], byte[]> record, Exception exception) {
    for (Throwable cause = exception; cause != null; cause = cause.getCause()) {
      if (saysNothingOfTheRecord(cause)) {
        return Response.fail();
      }
    }
    Response response = super.handleError(context, record, exception);
    return Response.resume(limit.fitting(context, response.deadLetterQueueRecords()));
  }

  private static boolean saysNothingOfTheRecord(Throwable cause) {
    return cause instanceof RegistryUnavailableException
        || cause instanceof RegistryException refused && !refused.isUnknownSchema()
        || cause instanceof InterruptException; // while waiting for the registry
  }
}
