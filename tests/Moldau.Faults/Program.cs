using Moldau.Faults;

if (args is ["client", ..]) return await SecondClient.RunAsync(args[1..]);
return await CampaignCommand.RunAsync(args);
