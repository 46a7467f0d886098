package io.heterospec.topology.route;

import io.heterospec.schemas.RegistryUnavailableException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;

/**
 * Sends records that can never be read to the dead letters (KIP-1034) and goes on. When only the
 * registry is out of reach the record is fine: then the task stops and reads it again later.
 */
public final class DeadLetterDeserializationHandler extends LogAndContinueExceptionHandler {

  @Override
  public Response handleError(
      ErrorHandlerContext context, ConsumerRecord<byte[], byte[]> record, Exception exception) {
    for (Throwable cause = exception; cause != null; cause = cause.getCause()) {
      if (cause instanceof RegistryUnavailableException) {
        return Response.fail();
      }
    }
    return super.handleError(context, record, exception);
  }
}
