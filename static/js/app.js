/* Every behaviour of the portal, one file each, bound by data attributes. The portal answers this file with all of them
   joined (a module imports only from core.js); as plain files it works as well, only with more requests. */
import "./core.js";
import "./busy.js";
import "./bulk.js";
import "./copy.js";
import "./counts.js";
import "./dialog.js";
import "./keeper.js";
import "./keys.js";
import "./lists.js";
import "./live.js";
import "./log.js";
import "./log_tools.js";
import "./menu.js";
import "./navigation.js";
import "./pairs.js";
import "./palette.js";
import "./rows.js";
import "./tab.js";
import "./times.js";
import "./toggle.js";
