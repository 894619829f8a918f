// A shop and its payments in one host: orders are produced, a handler takes the money for them. One card has no luck: its
// order goes through a retry topic and ends among the dead letters.
using HostedService;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Moldau.Client;
using Moldau.Client.Hosting;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(
    new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddMoldau("kafka")
    .AddTopics(topics => topics.Ensure(Topics.Orders.Name, partitions: 6))
    .AddProducer(Topics.Orders)
    .AddHandler<PaymentHandler, string, Order>(Topics.Orders, handler =>
    {
        handler.GroupId = "payment";
        handler.Concurrency = Concurrency.PerKey(16);
        handler.Retry(2, Backoff.Exponential(TimeSpan.FromMilliseconds(50), max: TimeSpan.FromSeconds(1)))
            .RetryTopics(TimeSpan.FromSeconds(1))
            .DeadLetter();
    })
    .AddHandler<DeadLetterHandler, string, Order>(Topics.DeadOrders, handler => handler.GroupId = "dead-letters");
builder.Services.AddHostedService<Shop>();
await builder.Build().RunAsync();
